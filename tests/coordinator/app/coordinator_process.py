"""A real opt-coordinator for tests: started, asked over HTTP, ended by its id."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

SWEEP = """name: lr
model: {layers: 1, width: 16, heads: 2}
optimizer: {name: adamw, learning_rate: [1e-4, 1e-3, 1e-2]}
data: {path: /data/text.txt, sequence_length: 16}
training: {batch_size: 2}
budget: {steps: 10}
"""


class Refused(Exception):
    """The coordinator answered with an error."""


class CoordinatorTest(unittest.TestCase):
    program = ""  # set by the test's main

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="optfleet-coordinator-"))
        self.state = self.folder / "state"
        self.processes = []

    def tearDown(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stderr.close()
        shutil.rmtree(self.folder)

    def command(self, *options, state=None):
        ports = [word for option in ("--listen", "--http") if option not in options for word in (option, "127.0.0.1:0")]
        return [self.program, "--state", str(state or self.state), *ports, *options]

    def spawn(self, *options, wrapper=(), state=None):
        process = subprocess.Popen([*wrapper, *self.command(*options, state=state)], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def start(self, *options, wrapper=(), state=None, seen_at=None):
        """Returns the process once it serves. seen_at: where the state folder is seen from here."""
        process = self.spawn("--log-file", str(self.folder / "log"), *options, wrapper=wrapper, state=state)
        endpoint = pathlib.Path(seen_at or state or self.state) / "endpoint.json"

        def serves():
            if process.poll() is not None:
                self.fail(f"ended with {process.returncode}: {process.stderr.read()}")
            try:
                self.endpoint = json.loads(endpoint.read_text())
                return self.endpoint["pid"] == process.pid and self.call("SystemService", "GetInfo", {})
            except (OSError, ValueError):
                return False
        self.wait_until(serves)
        return process

    def wait_until(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, "waited too long")
            time.sleep(0.01)

    def call(self, service, method, body):
        request = urllib.request.Request(f"http://{self.endpoint['http']}/optfleet.v1.{service}/{method}",
                                         data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode()) from error

    def submit(self, name):
        return self.call("SweepService", "CreateSweep",
                         {"sweepId": name, "requestId": f"request-{name}", "sweep": {"files": [{"path": "lr.yaml", "text": SWEEP}]}})

    def sweeps(self):
        return sorted(sweep["name"] for sweep in self.call("SweepService", "ListSweeps", {"pageSize": 1000})["sweeps"])

    def expect_start_to_fail(self, *said, options=(), wrapper=(), state=None):
        """It ends with 1 and one sentence on standard error that has all of these words; returns the sentence."""
        process = self.spawn(*options, wrapper=wrapper, state=state)
        _, text = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, text)
        sentences = [line for line in text.splitlines() if line.startswith("opt-coordinator: ")]
        self.assertEqual(len(sentences), 1, text)
        for words in said:
            self.assertIn(words, sentences[0])
        return sentences[0]


class SmallDisk:
    """A tmpfs of a few MiB in a mount namespace of its own; `wrapper` runs a program there, `outside` is its path from here.

    Needs root. The namespace, and with it the disk, goes when the holder ends.
    """

    def __init__(self, test, megabytes):
        self.inside = test.folder / "disk"
        self.inside.mkdir()
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c",
             f'mount -t tmpfs -o size={megabytes}m tmpfs "$1" && echo mounted && exec cat', "sh", str(self.inside)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.close)
        if self.holder.stdout.readline() != "mounted\n":
            test.fail("this test needs root, to mount a small disk: " + self.holder.stderr.read())
        self.wrapper = ["nsenter", "--target", str(self.holder.pid), "--mount", "--"]
        self.outside = pathlib.Path(f"/proc/{self.holder.pid}/root{self.inside}")

    def remount(self, option):
        subprocess.run([*self.wrapper, "mount", "-o", f"remount,{option}", str(self.inside)], check=True)

    def fill(self, leave_bytes=0):
        """Takes all space but leave_bytes."""
        with open(self.outside / "filler", "wb", buffering=0) as filler:
            block = bytes(4096)
            try:
                while filler.write(block) == len(block):
                    pass
            except OSError:
                pass
            size = max(0, filler.tell() - leave_bytes)
            filler.truncate(size)

    def free(self):
        (self.outside / "filler").unlink()

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()
        self.holder.stderr.close()
