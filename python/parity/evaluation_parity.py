"""Evaluates the same small models with `opt-trainer evaluate` and with lm-evaluation-harness, on the same files, and compares every figure.

    evaluation_parity.py --trainer build/release/bin/opt-trainer

One model reads bytes: opt-trainer trains it for some steps. The other has a tokenizer whose tokens cross the borders of words, so that where
context and continuation are cut decides about tokens. Both are exported, and the harness evaluates them as `transformers` computes them, by its
own tasks lambada, piqa and wikitext and by its functions for whole texts. At the end each of our rules is broken in turn, and a figure must move: a comparison that
would let that pass proves nothing.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "TQDM_DISABLE": "1"}
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import datasets
import tokenizers
import transformers

import evaluation_files
import harness
from optfleet import encode_requests, exchange

# Of a figure, relative. Both sides compute in fp32 and sum in another order: log-likelihoods of some hundred tokens agree to 1e-6.
TOLERANCE = 2e-5
# What a broken rule must move, at least one figure of its task.
VISIBLE = 1e-3

LENGTH = 48
NEWLINE = 10
STEPS = 700  # so many until it knows some last words
MODEL = {"model.layers": 2, "model.width": 32, "model.heads": 4, "data.path": "train.txt", "data.sequence_length": LENGTH}
TRAINED = {"budget.steps": STEPS, "checkpoint.every_steps": STEPS, "optimizer.learning_rate": 0.01, "schedule.warmup": 10}
UNTRAINED = {"budget.steps": 1, "model.init_std": 0.2}


class Ours:
    """One model, evaluated by opt-trainer."""

    def __init__(self, trainer, folder, model, tokenizer=None, prefix=NEWLINE):
        self.trainer, self.folder, self.model, self.tokenizer, self.prefix = trainer, folder, model, tokenizer, prefix

    def run(self, *words):
        done = subprocess.run([self.trainer, *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def figures_of(self, *source):
        return json.loads(self.run("evaluate", *self.model, *source, "-o", "json"))["figures"]

    def requests(self, task, path):
        """Header and documents of the request file."""
        self.run("requests", "--task", task, "--path", path, "--out", self.folder / "text.jsonl")
        return [json.loads(line) for line in (self.folder / "text.jsonl").read_text().splitlines()]

    def figures(self, task, path, edit=None, prefix=None):
        """By way of a request file, as every model with a tokenizer; `edit` changes a document."""
        header, *documents = self.requests(task, path)
        file = evaluation_files.write_json_lines(self.folder / "text.jsonl", [header, *map(edit or dict, documents)])
        prefix = self.prefix if prefix is None else prefix
        if self.tokenizer is None:
            return self.figures_of("--requests", file, "--prefix-token", prefix)
        encode_requests.encode_file(file, self.tokenizer, self.folder / "tokens.jsonl", prefix)
        return self.figures_of("--requests", self.folder / "tokens.jsonl")


def merging_tokenizer(text):
    """Few merges, and no pieces in front of them: tokens like "s " and " t" reach over the border of a word."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=280, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"], show_progress=False)
    tokenizer.train_from_iterator(text.splitlines(), trainer)
    return tokenizer


def write_config(path, options):
    path.write_text("".join(f"{key}: {value}\n" for key, value in options.items()))
    return path


def byte_model(trainer, folder):
    ours = Ours(trainer, folder, ["--checkpoint", folder / "run"])
    ours.run("train", write_config(folder / "bytes.yaml", MODEL | TRAINED), "--out", folder / "run")
    exchange.export(folder / "run", folder / "bytes")
    return ours, harness.Harness(folder / "bytes", NEWLINE, LENGTH)


def token_model(trainer, folder):
    tokenizer = merging_tokenizer((folder / "train.txt").read_text())
    tokenizer.save(str(folder / "tokenizer.json"))
    config = write_config(folder / "tokens.yaml", MODEL | UNTRAINED | {"model.vocab_size": tokenizer.get_vocab_size()})
    weights = folder / "initial.safetensors"
    prefix = tokenizer.token_to_id("<|endoftext|>")
    ours = Ours(trainer, folder, ["--weights", weights, "--config", config], folder / "tokenizer.json", prefix)
    ours.run("init", "--config", config, "--out", weights)
    (folder / "model.json").write_text(ours.run("parameters", "--config", config, "--json"))
    exchange.export(weights, folder / "tokens", folder / "model.json")
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>").save_pretrained(folder / "tokens")
    return ours, harness.Harness(folder / "tokens", prefix, LENGTH)


def write_files(folder):
    """{task: (our file, the harness's file)}."""
    pages = evaluation_files.wikitext_pages()
    raw = folder / "wiki.test.raw"
    raw.write_text(" \n" + "\n".join(pages))
    text8 = folder / "text8"
    text8.write_text(evaluation_files.training_text().replace("\n", " ").replace("?", "")[:1500])
    enwik8 = folder / "enwik8"
    enwik8.write_text("<page>\n  <title>naïve</title>\n" + "\n".join(pages)[:1200])
    lines = evaluation_files.write_json_lines
    lambada, piqa = lines(folder / "lambada.jsonl", evaluation_files.lambada()), lines(folder / "piqa.jsonl", evaluation_files.piqa())
    return {
        "lambada": (lambada, lambada),
        "piqa": (piqa, piqa),
        "wikitext2": (raw, lines(folder / "pages.jsonl", [{"page": page} for page in pages])),
        "text8": (text8, lines(folder / "text8.jsonl", [{"text": text8.read_text()}])),
        "enwik8": (enwik8, lines(folder / "enwik8.jsonl", [{"text": enwik8.read_text()}])),
    }


def furthest(ours, theirs):
    """(largest relative difference, its figure) over all figures that the harness has."""
    names = [name for name in theirs if name != "sample_len"]
    assert names and set(names) <= set(ours), (ours, theirs)
    return max((abs(ours[name] - theirs[name]) / max(abs(theirs[name]), 1e-9), name) for name in names)


def same(name, ours, theirs):
    distance, figure = furthest(ours, theirs)
    shown = "  ".join(f"{key} {value:.6g}" for key, value in theirs.items() if key != "sample_len")
    print(f"{'ok  ' if distance <= TOLERANCE else 'FAIL'} {name:20} {distance:.1e} ({figure})  {shown}", flush=True)
    return distance <= TOLERANCE


def seen(name, ours, theirs):
    """A broken rule is noticed."""
    distance, figure = furthest(ours, theirs)
    print(f"{'ok  ' if distance > VISIBLE else 'FAIL'} broken: {name:30} moves {figure} by {distance:.1e}", flush=True)
    return distance > VISIBLE


def detokenizes_as_published(ours, folder):
    """WikiText's rules on strings in which they meet, text for text, with words and bytes of the original."""
    from lm_eval.tasks.wikitext.preprocess_wikitext import process_results, wikitext_detokenizer

    pages = [page for page in evaluation_files.random_pages(400) if page.strip()]
    file = evaluation_files.write_json_lines(folder / "random.jsonl", [{"page": page} for page in pages])
    _, *documents = ours.requests("wikitext2", file)
    good = len(documents) == len(pages)
    for page, document in zip(pages, documents):
        counts = process_results({"page": page}, [0.0])
        expected = (wikitext_detokenizer({"page": page}), counts["word_perplexity"][1], counts["bits_per_byte"][1])
        if (found := (document["text"], document["words"], document["bytes"])) != expected:
            print(f"FAIL {page!r}: {found!r}, the harness has {expected!r}")
            good = False
    print(f"{'ok  ' if good else 'FAIL'} {len(pages)} random pages of WikiText, detokenized and counted")
    return good


def keep_space_in_context(document):
    """The boundary rule undone: white space stays where it was."""
    requests = []
    for request in document["requests"]:
        continuation = request["continuation"]
        rest = continuation.lstrip()
        moved = len(continuation) - len(rest) - 1
        requests.append({"context": request["context"] + continuation[:moved], "continuation": continuation[moved:]})
    return document | {"requests": requests}


def lengths_in_bytes(document):
    return document | {"lengths": [len(request["continuation"].encode()) - 1 for request in document["requests"]]}


def count_detokenized(document):
    text = document["text"]
    return document | {"words": len(text.split()), "bytes": len(text.encode())}


def encode_apart(encode, prefix, context, continuation):
    return encode(context) or [prefix], encode(continuation)


def broken_rules(ours, files, expected):
    """[(what is broken, our figures, the harness's)]"""
    by_bytes, by_tokens = ours["bytes"], ours["tokens"]
    figures = lambda model, task, **wrong: model.figures(task, files[task][0], **wrong)
    found = [
        ("space stays in the context", figures(by_tokens, "lambada", edit=keep_space_in_context), expected["tokens", "lambada"]),
        ("lengths of choices in bytes", figures(by_tokens, "piqa", edit=lengths_in_bytes), expected["tokens", "piqa"]),
        ("counts of the detokenized text", figures(by_bytes, "wikitext2", edit=count_detokenized), expected["bytes", "wikitext2"]),
        ("another prefix", figures(by_bytes, "text8", prefix=ord("z")), expected["bytes", "text8"]),
    ]
    jointly, encode_requests.encode_pair = encode_requests.encode_pair, encode_apart
    found.append(("context and continuation apart", figures(by_tokens, "lambada"), expected["tokens", "lambada"]))
    encode_requests.encode_pair = jointly
    return found


def refusals_say_why(ours, files):
    """[(what was asked, whether it was refused with the right words)]"""
    lambada = ["--task", "lambada", "--path", files["lambada"][0]]
    asked = {
        "text for a model with a tokenizer": ([*ours["tokens"].model, *lambada], "needs the model's tokenizer"),
        "weights without a spec": ([*ours["tokens"].model[:2], *lambada], "--weights requires --config"),
        "an average that is not there": ([*ours["bytes"].model, *lambada, "--average"], "holds no average of its weights"),
        "inputs longer than the context": ([*ours["bytes"].model, *lambada, "--length", LENGTH + 1], "more than `model.context`"),
        "tokens of another tokenizer": ([*ours["bytes"].model, "--requests", ours["tokens"].folder / "tokens.jsonl"], "another tokenizer?"),
        "neither a task nor requests": (ours["bytes"].model, "--requests"),
    }
    good = True
    for name, (words, reason) in asked.items():
        done = subprocess.run([ours["bytes"].trainer, "evaluate", *map(str, words)], capture_output=True, text=True)
        refused = done.returncode == 2 and reason in done.stderr
        print(f"{'ok  ' if refused else 'FAIL'} refused: {name}" + ("" if refused else f": {done.returncode} {done.stderr}"))
        good &= refused
    return good


def compare_all(trainer, folder):
    (folder / "train.txt").write_text(evaluation_files.training_text())
    files = write_files(folder)
    models = {"bytes": byte_model(trainer, folder), "tokens": token_model(trainer, folder)}
    ours = {name: model for name, (model, _) in models.items()}
    results, expected = [detokenizes_as_published(ours["bytes"], folder)], {}
    for name, (model, judge) in models.items():
        for task, (our_file, their_file) in files.items():
            expected[name, task] = theirs = judge.figures(task, their_file)
            results.append(same(f"{name} {task}", model.figures(task, our_file), theirs))
            if name == "bytes":  # without a request file, and in batches of another size
                direct = model.figures_of("--task", task, "--path", our_file, "--batch-tokens", 100)
                results.append(same(f"{name} {task} direct", direct, theirs))
    assert 0 < expected["bytes", "lambada"]["acc"] < 1, "the model must know some words and not all"
    assert expected["tokens", "piqa"]["acc"] != expected["tokens", "piqa"]["acc_norm"], "lengths must matter"
    results += [seen(*rule) for rule in broken_rules(ours, files, expected)]
    results.append(refusals_say_why(ours, files))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    arguments = parser.parse_args()
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as temporary:
        results = compare_all(str(pathlib.Path(arguments.trainer).resolve()), pathlib.Path(temporary))
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()
