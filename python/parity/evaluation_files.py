"""Small files in the published forms of evaluation tasks, made up here: enough of each kind of line that a wrong rule shows."""

import json
import random

SUBJECTS = {"cat": "milk", "dog": "bones", "bird": "songs", "smith": "iron", "baker": "bread", "judge": "truth", "child": "games"}
VERBS = ["likes", "wants", "knows about", "asks for"]
ADJECTIVES = ["old", "small", "quiet", "brave", "grey"]


def _sentence(choose):
    subject = choose.choice(list(SUBJECTS))
    return f"the {choose.choice(ADJECTIVES)} {subject} {choose.choice(VERBS)} {SUBJECTS[subject]}"


def training_text():
    choose = random.Random(1)
    lines = []
    for _ in range(900):
        lines.append(_sentence(choose))
        subject = choose.choice(list(SUBJECTS))
        if choose.random() < 0.3:
            lines.append(f"Question: what for the {subject}?\nAnswer: {SUBJECTS[subject]}")
    return "\n".join(lines) + "\n"


def lambada():
    """Passages of one to three sentences; some with two spaces before the last word, one of a single word."""
    choose = random.Random(2)
    texts = ["\n".join(_sentence(choose) for _ in range(choose.randint(1, 3))) for _ in range(24)]
    texts[3::5] = ["  ".join(text.rsplit(" ", 1)) for text in texts[3::5]]
    texts[4] += "é"
    texts += ["milk", "a\tb\u00a0 c"]
    return [{"text": text} for text in texts]


def piqa():
    """Choices of unlike lengths, some with characters of several bytes."""
    choose = random.Random(3)
    documents = []
    for number in range(40):
        subject = choose.choice(list(SUBJECTS))
        right, wrong = SUBJECTS[subject], choose.choice(["warm snow", "ice", "the old grey bread", "songs", "a"])
        if number % 3 == 0:
            wrong = choose.choice(["größe", "漢字", "songs – bones", "ééé"])
        label = choose.randint(0, 1)
        first, second = (wrong, right) if label else (right, wrong)
        documents.append({"goal": f"what for the {subject}?", "sol1": first, "sol2": second, "label": label})
    return documents


def wikitext_pages():
    """Pages as WikiText tokenizes them, with everything that its tokens are turned back from."""
    choose = random.Random(4)
    bits = ["it was 1 @,@ 000 @.@ 5 miles", "a well @-@ known place", "( or so they say )", "[ note 1 ]", '" yes "', "the dogs ' bones",
            "' so '", "20 ° C", "its N units", "the cat 's milk", "{ x }", "naïve – 漢字", "two  spaces\u00a0 here"]  # fmt: skip
    pages = []
    for number in range(3):
        lines = [f" = Page {number} = ", " "]
        for part in range(3):
            lines.append(f" = = Part {part} = = " if part < 2 else f" = = = Detail {part} = = = ")
            for _ in range(3):
                words = [choose.choice(bits), choose.choice([",", ";", ":", "!", "?", "."]), _sentence(choose)]
                lines.append(f" {' '.join(words)} . ")
            lines.append(" ")
        pages.append("\n".join(lines))
    return pages


def random_pages(count):
    """Strings in which the rules of WikiText meet in every order."""
    choose = random.Random(5)
    pieces = ["a", "s", "7", "N", " ", "  ", "\n", "'", '"', "(", ")", "[", "]", "{", "}", " @-@ ", " @,@ ", " . ", ", ", " : ", "= ",
              " =", "=", "°", " ° ", "/' 5/", "é", "\u00a0", "\u2003", "\x1f", "'s"]  # fmt: skip
    return ["".join(choose.choice(pieces) for _ in range(40)) for _ in range(count)]


def write_json_lines(path, documents):
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path
