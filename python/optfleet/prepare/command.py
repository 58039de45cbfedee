"""python -m optfleet prepare: text, JSON lines or Parquet to token files that opt-trainer maps (docs/data.md).

The steps, each of which is kept when the process dies: the tokenizer, a shard per chunk of input, the token files. Giving the same
command again goes on behind the last that was finished.
"""
import argparse
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import sys

from optfleet.prepare import assembly, encoders, shards, work
from optfleet.prepare.documents import FORMATS, Reading, chunks_of, documents_of
from optfleet.prepare.errors import PrepareError
from optfleet.prepare.files import replacing
from optfleet.prepare.progress import Progress

STATE_FOLDER = ".prepare"
RECORD = "prepare.json"
TOKENIZER = "tokenizer.json"
VERSION = 1


def _number(convert, least, below, what):
    def parse(text):
        try:
            if least <= (value := convert(text)) < below:
                return value
        except ValueError:
            pass
        raise argparse.ArgumentTypeError(f"must be {what}, found {text}")
    return parse


_whole = _number(int, 0, 1 << 32, "a whole number from 0 to 4294967295")
_count = _number(int, 1, 1 << 32, "a whole number from 1")
_vocabulary = _number(int, 4, 1 << 31, "a whole number of tokens from 4")
_share = _number(float, 0, 1, "a share from 0, below 1")
_seconds = _number(float, 0, 1e9, "seconds")


def add_to(commands) -> None:
    parser = commands.add_parser("prepare", help="turn text into token files", description=__doc__.splitlines()[0])
    parser.add_argument("inputs", nargs="+", metavar="FILE", help="UTF-8 text, JSON lines (.jsonl) or Parquet (.parquet)")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="folder to make: train.tokens, validation.tokens, tokenizer.json")
    parser.add_argument("--format", choices=("auto", *FORMATS), default="auto", help="of the inputs; auto: by their names")
    parser.add_argument("--documents", choices=("file", "lines"), default="file", help="of text: each file is a document, or each line")
    parser.add_argument("--field", default="text", help="of JSON lines (default: text)")
    parser.add_argument("--column", default="text", help="of Parquet (default: text)")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--train-bpe", type=_vocabulary, metavar="VOCAB", help="train a byte-level BPE of so many tokens")
    kind.add_argument("--train-words", type=_vocabulary, metavar="VOCAB", help="train a vocabulary of words between white space")
    kind.add_argument("--tokenizer", metavar="FILE", help="a tokenizer.json")
    kind.add_argument("--bytes", action="store_true", help="a token is a byte; end of text is 256")
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--end-of-text", default="", metavar="TOKEN", help="its name in the tokenizer (default: the usual names)")
    end.add_argument("--no-end-of-text", action="store_true", help="append none to documents")
    parser.add_argument("--validation-share", type=_share, default=0.0005, metavar="SHARE", help="of documents (default: 0.0005)")
    parser.add_argument("--seed", type=_whole, default=0, help="of the choice of validation documents (default: 0)")
    parser.add_argument("--train-mib", type=_whole, default=0, metavar="MIB", help="text the tokenizer is trained on; 0: all")
    parser.add_argument("--processes", type=_count, default=len(os.sched_getaffinity(0)), help="default: one per core")
    parser.add_argument("--chunk-kib", type=_count, default=16384, metavar="KIB", help="of input per step of work (default: 16384)")
    parser.add_argument("--progress", type=_seconds, default=2.0, metavar="SECONDS", help="between lines of progress (default: 2)")
    parser.set_defaults(run=run)


def run(options) -> int:
    try:
        return Preparation(options).run()
    except PrepareError as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"prepare: {error.filename or ''}: {error.strerror or error}".replace("prepare: :", "prepare:"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("prepare: stopped; the same command goes on from here", file=sys.stderr, flush=True)
        os._exit(130)  # its processes end with it


class Preparation:
    def __init__(self, options):
        self.options = options
        self.out = pathlib.Path(options.out)
        self.state = self.out / STATE_FOLDER
        self.reading = Reading(options.format, options.documents, options.field, options.column)
        self.inputs = self._find_inputs()
        self.settings = self._settings()

    def _find_inputs(self) -> list[str]:
        problems = []
        for name in self.options.inputs:
            path = pathlib.Path(name)
            if not path.exists():
                problems.append(f"{name} does not exist")
            elif not path.is_file():
                problems.append(f"{name} is not a file; name the files in it")
            elif path.stat().st_size == 0:
                problems.append(f"{name} is empty")
            elif not os.access(path, os.R_OK):
                problems.append(f"{name} cannot be read: permission denied")
        if problems:
            raise PrepareError("; ".join(problems))
        return [str(pathlib.Path(name).resolve()) for name in self.options.inputs]

    def _settings(self) -> dict:
        """All that decides a byte of the result; a preparation goes on only under equal settings."""
        options = self.options
        tokenizer = {"bpe": options.train_bpe, "words": options.train_words, "bytes": options.bytes, "train_mib": options.train_mib}
        if options.tokenizer:
            text = self._given_tokenizer()
            tokenizer["sha256"] = hashlib.sha256(text.encode()).hexdigest()
        stats = [(path, os.stat(path)) for path in self.inputs]
        return {"version": VERSION,
                "inputs": [{"path": path, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns} for path, stat in stats],
                "format": options.format, "documents": options.documents, "field": options.field, "column": options.column,
                "tokenizer": tokenizer, "end_of_text": None if options.no_end_of_text else options.end_of_text,
                "validation_share": options.validation_share, "seed": options.seed, "chunk_kib": options.chunk_kib}

    def _given_tokenizer(self) -> str:
        path = pathlib.Path(self.options.tokenizer)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise PrepareError(f"the tokenizer {path} does not exist") from None
        except (OSError, UnicodeDecodeError) as error:
            raise PrepareError(f"the tokenizer {path} cannot be read: {error}") from None
        encoders.check(text, str(path))
        return text

    def run(self) -> int:
        if self._is_finished():
            return 0
        self.state.mkdir(parents=True, exist_ok=True)
        with open(self.state / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PrepareError(f"another prepare is at work in {self.out}") from None
            self._claim_state()
            self._clear_temporaries()
            chunks = [chunk for path in self.inputs for chunk in chunks_of(path, self.reading, self.options.chunk_kib << 10)]
            tokenizer = self._tokenizer(chunks)
            encoder_options = (tokenizer, self.options.end_of_text, not self.options.no_end_of_text)
            encoder = encoders.make(*encoder_options)
            self._encode(chunks, encoder_options)
            self._assemble(chunks, tokenizer, encoder)
        shutil.rmtree(self.state)
        return 0

    def _is_finished(self) -> bool:
        record = self.out / RECORD
        if not record.exists():
            return False
        if json.loads(record.read_text())["settings"] != self.settings:
            raise PrepareError(f"{self.out} holds data that was prepared in another way, or of files that changed since; "
                               "name another --out, or remove it")
        print(f"finished   {self.out} holds this data already")
        return True

    def _claim_state(self) -> None:
        manifest = self.state / "manifest.json"
        begun = manifest.exists() and (any(self.state.glob("shard-*")) or (self.state / TOKENIZER).exists())
        if not begun:
            with replacing(manifest) as file:
                file.write(json.dumps(self.settings, indent=1).encode())
        elif json.loads(manifest.read_text()) != self.settings:
            raise PrepareError(f"{self.out} holds a preparation that was begun with other settings, or of files that changed since; "
                               f"give the same settings, or remove {self.state}")

    def _clear_temporaries(self) -> None:
        """What a killed predecessor left; the lock says that there is no other."""
        for folder in (self.out, self.state):
            for path in folder.glob(".tmp-*"):
                path.unlink()

    def _tokenizer(self, chunks) -> str:
        """The text of the tokenizer.json, empty for bytes."""
        options = self.options
        if options.bytes:
            return ""
        kept = self.state / TOKENIZER
        if kept.exists():
            return kept.read_text(encoding="utf-8")
        if options.tokenizer:
            text = self._given_tokenizer()
        else:
            train = encoders.train_bpe if options.train_bpe else encoders.train_words
            progress = Progress("tokenizer", sum(chunk.bytes for chunk in chunks), options.progress)
            text = train(self._training_texts(chunks, progress), options.train_bpe or options.train_words)
            progress.end(f"{encoders.kind_of(text)} of {encoders.Encoder(text, '', False).vocab_size:,} tokens trained")
        with replacing(kept) as file:
            file.write(text.encode())
        return text

    def _training_texts(self, chunks, progress):
        """Of the training side, so that the tokenizer has not seen what validates."""
        options = self.options
        left = options.train_mib << 20 if options.train_mib else float("inf")
        number = 0
        for chunk in chunks:
            texts = list(documents_of(chunk, self.reading))
            out = assembly.validates(options.seed, options.validation_share, number, len(texts))
            number += len(texts)
            for text, validates in zip(texts, out):
                if not validates and left > 0:
                    left -= len(text.encode())
                    yield text
            progress.add(chunk.bytes)
            if left <= 0:
                return

    def _encode(self, chunks, encoder_options) -> None:
        missing = [number for number in range(len(chunks)) if not shards.path_of(self.state, number).exists()]
        there = len(chunks) - len(missing)
        if there:
            print(f"resumed    {there} of {len(chunks)} chunks were encoded before", flush=True)
        total = sum(chunk.bytes for chunk in chunks)
        progress = Progress("encode", total, self.options.progress, total - sum(chunks[number].bytes for number in missing))
        if missing:
            work.encode_all(chunks, missing, self.state, self.reading, encoder_options, self.options.processes,
                            lambda number: progress.add(chunks[number].bytes))
        progress.end(f"{len(chunks)} chunks of {total / 1e6:,.1f} MB")

    def _assemble(self, chunks, tokenizer: str, encoder) -> None:
        options = self.options
        passes = 2 if options.validation_share > 0 else 1
        progress = Progress("write", passes * sum(chunk.bytes for chunk in chunks), options.progress)
        train, validation = assembly.assemble(self.state, len(chunks), self.out, encoder, options.seed, options.validation_share,
                                              lambda number: progress.add(chunks[number].bytes))
        if tokenizer:
            with replacing(self.out / TOKENIZER) as file:
                file.write(tokenizer.encode())
        record = {"settings": self.settings, "vocab_size": encoder.vocab_size, "end_of_text": encoder.end_of_text}
        for name, side in (("train", train), ("validation", validation)):
            if side is not None:
                record[name] = {"documents": side.documents, "tokens": side.tokens, "utf8_bytes": side.utf8_bytes}
        with replacing(self.out / RECORD) as file:
            file.write(json.dumps(record, indent=1).encode() + b"\n")
        progress.end(f"{self.out}")
        for name, side in (("train", train), ("validation", validation)):
            if side is not None:
                print(f"{name:<10} {side.documents:,} documents, {side.tokens:,} tokens, {side.utf8_bytes:,} bytes "
                      f"({side.utf8_bytes / side.tokens:.2f} bytes a token)")
        if validation is None and options.validation_share > 0:
            print("validation no document was drawn for it; data.validation_share can take the end of train.tokens")
        print(f"next       model.vocab_size: {encoder.vocab_size} or more, data.path: {self.out / assembly.TRAIN}"
              + (f", data.validation_path: {self.out / assembly.VALIDATION}" if validation else ""))
