#!/usr/bin/env python3
"""`optfleet prepare`: what it writes is right, the same for any number of processes and after kill -9, and trains."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from optfleet.prepare import assembly  # noqa: E402
from optfleet.prepare.documents import Chunk, Reading, documents_of  # noqa: E402

WORDS = ["the ", "quick ", "brown ", "fox ", "jümps ", "over ", "a ", "lazy ", "dog. "]
FILES = ("train.tokens", "validation.tokens", "tokenizer.json")


def some_lines(count, seed=1):
    random = np.random.default_rng(seed)
    return ["".join(WORDS[i] for i in random.integers(0, len(WORDS), random.integers(3, 30))).strip() for _ in range(count)]


class TokenFile:
    """Reads a token file by its description in docs/data.md, on its own account."""

    def __init__(self, path):
        data = path.read_bytes()
        number = lambda at, size: int.from_bytes(data[at:at + size], "little")  # noqa: E731
        assert data[:8] == b"OPTFTOK\x01" and zlib.crc32(data[:124]) == number(124, 4) and zlib.crc32(data[128:]) == number(104, 4)
        assert number(96, 8) == len(data)
        self.width, self.vocab_size, self.end_of_text = number(8, 4), number(12, 4), number(16, 8)
        self.documents, count, self.utf8_bytes = number(24, 8), number(32, 8), number(40, 8)
        self.tokenizer = data[64:96].hex()
        self.tokens = np.frombuffer(data, f"<u{self.width}", count, number(48, 8)).astype(int)
        self.table = np.frombuffer(data, "<u8", 2 * self.documents + 2, number(56, 8)).reshape(-1, 2).astype(int)

    def texts(self, decode):
        return [decode(self.tokens[a:b]) for (a, _), (b, _) in zip(self.table, self.table[1:])]


class Prepare(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="optfleet-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def start(self, *arguments):
        return subprocess.Popen([sys.executable, "-m", "optfleet", "prepare", *map(str, arguments)], cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT / "python")})

    def prepare(self, *arguments, code=0):
        process = self.start(*arguments)
        out, error = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, out + error)
        return out if code == 0 else error

    def contents(self, out, files=FILES):
        return {name: (self.folder / out / name).read_bytes() for name in files}

    def test_bytes_are_written_as_documented(self):
        lines = some_lines(400)
        text = self.write("a.txt", "\n".join(lines[:200]) + "\n\n\n" + "\r\n".join(lines[200:]))
        out = self.prepare(text, "--documents", "lines", "--bytes", "--validation-share", 0.2, "--seed", 5, "--processes", 1,
                           "--chunk-kib", 1, "--progress", 0, "--out", "out")
        self.assertRegex(out, r"encode +\d+ %")
        train, validation = TokenFile(self.folder / "out/train.tokens"), TokenFile(self.folder / "out/validation.tokens")
        decode = lambda tokens: (self.assertEqual(tokens[-1], 256), bytes(tokens[:-1].astype(np.uint8)).decode())[1]  # noqa: E731
        drawn = assembly.validates(5, 0.2, 0, 400)
        self.assertTrue(40 < drawn.sum() < 120)
        for side, wanted in ((train, False), (validation, True)):
            expected = [line for line, chosen in zip(lines, drawn) if chosen == wanted]
            self.assertEqual(side.texts(decode), expected)
            self.assertEqual(side.utf8_bytes, sum(len(line.encode()) for line in expected))
            self.assertEqual((side.width, side.vocab_size, side.end_of_text, side.tokenizer), (2, 257, 256, "00" * 32))
            self.assertEqual(list(side.table[1:, 1]), list(np.cumsum([len(line.encode()) for line in expected])))

    def test_forms_and_process_counts_give_the_same_bytes(self):
        lines = some_lines(600)
        half = len(lines) // 2
        jsonl = [self.write(f"{i}.jsonl", "".join(json.dumps({"id": 1, "body": line}) + "\n" for line in part))
                 for i, part in enumerate((lines[:half], lines[half:]))]
        import pyarrow
        import pyarrow.parquet
        parquet = str(self.folder / "all.parquet")
        pyarrow.parquet.write_table(pyarrow.table({"body": lines, "n": list(range(len(lines)))}), parquet, row_group_size=70)
        bpe = ("--train-bpe", 280, "--validation-share", 0.1)
        text = self.write("a.txt", "\n".join(lines))
        self.prepare(text, "--documents", "lines", *bpe, "--processes", 1, "--out", "text")
        self.prepare(*jsonl, "--field", "body", *bpe, "--processes", 3, "--chunk-kib", 3, "--out", "jsonl")
        self.prepare(parquet, "--column", "body", *bpe, "--processes", 2, "--out", "parquet")
        self.assertEqual(self.contents("text"), self.contents("jsonl"))
        self.assertEqual(self.contents("text"), self.contents("parquet"))
        # What was written decodes to what was read, and a loaded tokenizer does what the trained one did.
        import tokenizers
        tokenizer = tokenizers.Tokenizer.from_file(str(self.folder / "text/tokenizer.json"))
        train = TokenFile(self.folder / "text/train.tokens")
        drawn = assembly.validates(0, 0.1, 0, len(lines))
        self.assertEqual(train.texts(lambda tokens: tokenizer.decode(list(tokens), skip_special_tokens=True)),
                         [line for line, chosen in zip(lines, drawn) if not chosen])
        self.assertEqual(train.vocab_size, 280)
        self.prepare(text, "--documents", "lines", "--tokenizer", "text/tokenizer.json", "--validation-share", 0.1, "--out", "loaded")
        self.assertEqual(self.contents("text"), self.contents("loaded"))

    def test_words_and_a_whole_file(self):
        text = self.write("a.txt", "a b a c a b\n d")
        out = self.prepare(text, "--train-words", 5, "--out", "out")
        self.assertIn("no document was drawn", out)
        train = TokenFile(self.folder / "out/train.tokens")
        self.assertEqual(list(train.tokens), [3, 4, 3, 2, 3, 4, 2, 0])  # <eos> <pad> <unk> a b
        self.assertEqual((train.width, train.vocab_size, train.end_of_text, train.documents, train.utf8_bytes), (1, 5, 0, 1, 14))
        self.assertIn("holds this data already", self.prepare(text, "--train-words", 5, "--out", "out"))
        self.assertIn("in another way", self.prepare(text, "--train-words", 6, "--out", "out", code=2))

    def test_goes_on_after_kill_9(self):
        text = self.write("a.jsonl", "".join(json.dumps({"text": line}) + "\n" for line in some_lines(12000)))
        arguments = (text, "--train-bpe", 400, "--validation-share", 0.05, "--chunk-kib", 16, "--progress", 0)
        self.prepare(*arguments, "--processes", 1, "--out", "whole")
        shards = lambda: sorted((self.folder / "killed/.prepare").glob("shard-*"))  # noqa: E731
        process = self.start(*arguments, "--processes", 2, "--out", "killed")
        self.addCleanup(process.communicate)
        while len(shards()) < 5 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = len(shards())
        chunks = -(-pathlib.Path(text).stat().st_size // (16 << 10))
        self.assertTrue(5 <= done < chunks, f"killed too late to show anything: {done} of {chunks} chunks")
        self.assertFalse((self.folder / "killed/train.tokens").exists())
        # A torn file of the killed process is no shard, and other settings are refused.
        (self.folder / "killed/.prepare/.tmp-shard-000099-1").write_bytes(b"torn")
        self.assertIn("begun with other settings", self.prepare(*arguments, "--seed", 1, "--out", "killed", code=2))
        out = self.prepare(*arguments, "--processes", 3, "--out", "killed")
        resumed = int(out.split("resumed")[1].split()[0])
        self.assertTrue(5 <= resumed < chunks)
        self.assertEqual(self.contents("whole"), self.contents("killed"))
        self.assertEqual(sorted(path.name for path in (self.folder / "killed").iterdir()), sorted((*FILES, "prepare.json")))

    def test_a_damaged_shard_is_found(self):
        text = self.write("a.txt", "\n".join(some_lines(50)))
        self.assertIn("no document is left", self.prepare(text, "--bytes", "--validation-share", 0.9999999, "--out", "out", code=2))
        shard = self.folder / "out/.prepare/shard-000000"
        data = bytearray(shard.read_bytes())
        data[-1] ^= 1
        shard.write_bytes(data)
        self.assertIn("shard-000000 is damaged", self.prepare(text, "--bytes", "--validation-share", 0.9999999, "--out", "out", code=2))

    def test_mistakes_are_named(self):
        good = self.write("good.txt", "text")
        bad = self.write("bad.txt", b"first\nsec\xffond\n")
        lines = self.write("a.jsonl", '{"text": "one"}\n{"body": "two"}\n')
        broken = self.write("b.jsonl", '{"text": "one"}\n\n{"text": \n')
        number = self.write("c.jsonl", '{"text": 3}\n')
        fake = self.write("d.parquet", "no parquet")
        tokenizer = self.write("tokenizer.json", "{}")
        for arguments, sentence in [
                ((good, "absent.txt", "gone.txt", "--bytes"), "absent.txt does not exist; gone.txt does not exist"),
                ((self.folder, "--bytes"), "is not a file"),
                ((bad, "--documents", "lines", "--bytes"), "bad.txt:2: byte 9 of the file is no UTF-8"),
                ((lines, "--bytes"), "a.jsonl:2: no field `text`; name one of body by --field"),
                ((broken, "--bytes"), "b.jsonl:3: not a line of JSON"),
                ((number, "--bytes"), "c.jsonl:1: the field `text` is no text but int"),
                ((fake, "--bytes"), "cannot be read as Parquet"),
                ((good, "--tokenizer", tokenizer), "is not a tokenizer.json"),
                ((good, "--bytes", "--validation-share", "1"), "a share from 0, below 1"),
                ((good, "--bytes", "--processes", "0"), "a whole number from 1"),
                ((good,), "one of the arguments --train-bpe --train-words --tokenizer --bytes is required")]:
            error = self.prepare(*arguments, *(() if "--processes" in arguments else ("--processes", 1)), "--out", "out", code=2)
            self.assertIn(sentence, error)
            self.assertNotIn("Traceback", error)

    def test_the_trainer_reads_it(self):
        trainer = pathlib.Path(os.environ.get("OPTFLEET_BIN", ROOT / "build/release/bin")) / "opt-trainer"
        text = self.write("a.txt", "\n".join(some_lines(3000)))
        self.prepare(text, "--documents", "lines", "--train-bpe", 400, "--validation-share", 0.1, "--out", "data")
        config = {"model": {"layers": 1, "width": 16, "heads": 2, "vocab_size": 400},
                  "data": {"path": "data/train.tokens", "validation_path": "data/validation.tokens", "sequence_length": 32},
                  "training": {"batch_size": 8}, "budget": {"steps": 30}, "optimizer": {"learning_rate": 0.01}}

        def train(out, **data):
            spec = config | {"data": config["data"] | data}
            path = self.write(f"{out}.json", json.dumps(spec))
            done = subprocess.run([trainer, "train", path, "--out", self.folder / out], capture_output=True, text=True)
            return done, json.loads((self.folder / out / "result.json").read_text()) if done.returncode == 0 else None

        done, result = train("run")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        final = result["final"]
        side = TokenFile(self.folder / "data/validation.tokens")
        self.assertLess(final["val_loss"], 0.9 * np.log(400))
        self.assertAlmostEqual(final["val_bits_per_byte"], final["val_loss"] / np.log(2) * len(side.tokens) / side.utf8_bytes, 12)
        self.assertLess(final["data_wait_share"], 1)
        # The same tokens in other projects' files train to the same numbers.
        tokens = TokenFile(self.folder / "data/train.tokens").tokens
        validation = side.tokens
        for name, ids in (("t", tokens), ("v", validation)):
            np.save(self.folder / f"{name}.npy", ids.astype("<u4"))
            self.write(f"{name}.bin", ids.astype("<u2").tobytes())
            header = np.zeros(256, "<i4")
            header[:3] = 20240520, 1, len(ids)
            self.write(f"{name}.llmc", header.tobytes() + ids.astype("<u2").tobytes())
        for form, data in (("npy", {}), ("bin", {"format": "nanogpt"}), ("llmc", {})):
            done, other = train("run-" + form, path=f"t.{form}", validation_path=f"v.{form}", **data)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(other["final"]["val_loss"], final["val_loss"], form)
            self.assertNotIn("val_bits_per_byte", other["final"])
        done, _ = train("run-guess", path="t.bin", validation_path="v.bin")
        self.assertIn("say what it is by data.format", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
