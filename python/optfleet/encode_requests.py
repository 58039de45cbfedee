"""Turns the text of a request file into tokens, so that `opt-trainer evaluate --requests` can put it to a model that has a tokenizer.

    opt-trainer requests --task piqa --path valid.jsonl --out text.jsonl
    python -m optfleet encode text.jsonl --tokenizer tokenizer.json --out tokens.jsonl
    opt-trainer evaluate --checkpoint ... --requests tokens.jsonl

Context and continuation are encoded together and cut where the context alone ends, as lm-evaluation-harness does: the continuation keeps
the tokens that it has after the context. docs/evaluation.md describes the file.
"""

import hashlib
import json
import os
import pathlib
import sys

FORMAT = "optfleet.requests"
END_OF_TEXT = ("<|endoftext|>", "</s>", "<eos>", "[EOS]", "<|end_of_text|>")


def encode_pair(encode, prefix, context, continuation):
    """Tokens of both; `prefix` is the context where there is none, unless the continuation begins with it."""
    if not context:
        tokens = encode(continuation)
        return ([prefix], tokens) if tokens[:1] != [prefix] else (tokens[:1], tokens[1:])
    whole, front = encode(context + continuation), encode(context)
    return front, whole[len(front) :]


def encode_document(encode, prefix, document):
    if "text" in document:
        return {"tokens": encode(document["text"])} | {key: document[key] for key in ("words", "bytes")}
    pairs = [encode_pair(encode, prefix, request["context"], request["continuation"]) for request in document["requests"]]
    requests = [{"context": context, "continuation": continuation} for context, continuation in pairs]
    return document | {"requests": requests}


def end_of_text(tokenizer):
    for name in END_OF_TEXT:
        if (token := tokenizer.token_to_id(name)) is not None:
            return token
    raise ValueError(f"the tokenizer has none of {', '.join(END_OF_TEXT)}; name the id of its end of text with --prefix-token")


def encode_file(source, tokenizer_file, out, prefix=None):
    """Writes `out`, whole or not at all. The number of documents."""
    import tokenizers

    raw = pathlib.Path(tokenizer_file).read_bytes()
    tokenizer = tokenizers.Tokenizer.from_buffer(raw)
    prefix = end_of_text(tokenizer) if prefix is None else prefix
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    partial = pathlib.Path(f"{out}.partial")
    documents = 0
    with open(source, encoding="utf-8") as lines, open(partial, "w", encoding="utf-8") as file:
        header = json.loads(next(lines, "null"))
        if not isinstance(header, dict) or header.get("format") != FORMAT or header.get("version") != 1 or header["encoded"]:
            raise ValueError(f"{source} is no {FORMAT} file of text, version 1; `opt-trainer requests` writes one")
        found = {"encoded": True, "prefix": prefix, "vocabulary": tokenizer.get_vocab_size()}
        file.write(json.dumps(header | found | {"tokenizer": "sha256:" + hashlib.sha256(raw).hexdigest()}) + "\n")
        for line in lines:
            file.write(json.dumps(encode_document(encode, prefix, json.loads(line))) + "\n")
            documents += 1
    os.replace(partial, out)
    return documents


def _run(arguments):
    try:
        documents = encode_file(arguments.source, arguments.tokenizer, arguments.out, arguments.prefix_token)
    except (OSError, ValueError) as error:
        print(f"optfleet: {error}", file=sys.stderr)
        return 2
    print(f"{arguments.out}: {documents} documents")
    return 0


def add_to(commands):
    """Adds `encode` to a parser's commands."""
    command = commands.add_parser("encode", help="turn the text of a request file into tokens, for opt-trainer evaluate")
    command.add_argument("source", help="what `opt-trainer requests` wrote")
    command.add_argument("--tokenizer", required=True, help="tokenizer.json")
    command.add_argument("--out", required=True, help="file to make or replace")
    command.add_argument("--prefix-token", type=int, help="id that stands where there is no context; by default the end of text")
    command.set_defaults(run=_run)
