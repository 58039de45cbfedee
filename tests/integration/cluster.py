"""A real cluster for tests: opt-coordinator and opt-workers as processes on loopback, state in a temporary folder.

Processes are started and ended by id; everything that was started is gone when the `with` block ends, trainers included.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

BIN = pathlib.Path(os.environ.get("OPTFLEET_BIN", "build/release/bin")).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]


def wait_until(condition, seconds, diagnosis=lambda: ""):
    """Polls until condition() is true and returns its value; fails with the diagnosis otherwise."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not true within {seconds} s: {diagnosis()}")
        time.sleep(0.02)


def process_lives(pid):
    """True while the process runs; a zombie has ended."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def files_named(root, name):
    """Every file of that name below `root`. Attempts come and go while it looks: a folder that vanishes is passed over,
    where pathlib's glob ends in FileNotFoundError."""
    return [pathlib.Path(folder) / name for folder, _, files in os.walk(root) if name in files]


def entries(folder):
    """Names in the folder, none where it does not exist (any more)."""
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def size_of(path):
    """Bytes of the file, 0 where it does not exist (any more)."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


class Unreachable(Exception):
    pass


class Cluster:
    """Start order is free: workers wait for a coordinator. `trainer` is the program that attempts run."""

    def __init__(self, lease="3s", trainer=None, keep=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="optfleet-test-"))
        self.lease = lease
        self.trainer = trainer or BIN / "opt-trainer"
        self.keep = keep
        self.coordinator = None
        self.workers = {}
        self.worker_options = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for process in [self.coordinator, *self.workers.values()]:
            if process and process.poll() is None:
                process.kill()
                process.wait()
        for pid in self.pids_of_attempts():
            kill(pid)
        wait_until(lambda: not any(process_lives(pid) for pid in self.pids_of_attempts()), 10)
        if kind is None and not self.keep:
            shutil.rmtree(self.folder)
        elif kind is not None:
            print(f"state is kept in {self.folder}")

    # -- processes

    def start(self, name, program, *arguments):
        """The daemon's log goes to NAME.log, what it prints before that to NAME.out."""
        with open(self.folder / f"{name}.out", "ab") as out:
            return subprocess.Popen([BIN / program, *arguments, "--log-file", self.folder / f"{name}.log"],
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    @property
    def endpoint_file(self):
        return self.folder / "state" / "endpoint.json"

    def start_coordinator(self, *options):
        self.coordinator = self.start(
            "coordinator", "opt-coordinator", "--state", self.folder / "state", "--listen", "127.0.0.1:0",
            "--http", "127.0.0.1:0", "--lease", self.lease, *options)
        self.wait_for_coordinator()

    def wait_for_coordinator(self):
        def serves():
            if self.coordinator.poll() is not None:
                raise AssertionError(f"coordinator ended with {self.coordinator.returncode}: {self.tail('coordinator.out')}")
            endpoint = self.read_json(self.endpoint_file)
            if not endpoint or endpoint["pid"] != self.coordinator.pid:
                return False
            try:
                return self.call("SystemService", "GetInfo", {})
            except Unreachable:
                return False
        return wait_until(serves, 20, lambda: self.tail("coordinator.out"))

    def start_worker(self, name, *options):
        if options:
            self.worker_options[name] = options
        self.workers[name] = self.start(
            name, "opt-worker", "--coordinator-file", self.endpoint_file, "--id", name, "--root", self.folder / name,
            "--trainer", self.trainer, "--shim", BIN / "opt-shim", *self.worker_options.get(name, ()))

    def kill_coordinator(self):
        self.coordinator.kill()
        self.coordinator.wait()

    def kill_worker(self, name):
        self.workers[name].kill()
        self.workers[name].wait()

    # -- what the run directories say

    def run_directories(self):
        return [path.parent for name in list(self.workers) for path in files_named(self.folder / name, "job.json")]

    @staticmethod
    def read_json(path):
        try:
            return json.loads(pathlib.Path(path).read_text())
        except (OSError, ValueError):
            return None

    def started(self):
        """(folder, shim pid, trainer pid) of every attempt that was started and whose process has not been reaped."""
        result = []
        for folder in self.run_directories():
            started = self.read_json(folder / "started.json")
            if started and not (folder / "exit.json").exists():
                result.append((folder, started["shim_pid"], started["trainer_pid"]))
        return result

    def pids_of_attempts(self):
        return [pid for folder, shim, trainer in self.started() for pid in (shim, trainer)
                if process_lives(pid) and self.belongs_to(pid, folder)]

    @staticmethod
    def belongs_to(pid, folder):
        try:
            return str(folder).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    # -- the API, as JSON over plain HTTP

    def call(self, service, method, body, timeout=10):
        endpoint = self.read_json(self.endpoint_file)
        if not endpoint:
            raise Unreachable("no endpoint.json")
        request = urllib.request.Request(f"http://{endpoint['http']}/optfleet.v1.{service}/{method}",
                                         data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method}: HTTP {error.code}: {error.read().decode()}") from error
        except OSError as error:
            raise Unreachable(str(error)) from error

    def list_all(self, service, method, key, **body):
        items, token = [], ""
        while True:
            answer = self.call(service, method, {**body, "pageSize": 1000, "pageToken": token})
            items += answer.get(key, [])
            token = answer.get("nextPageToken", "")
            if not token:
                return items

    def jobs(self, sweep):
        return self.list_all("JobService", "ListJobs", "jobs", parent=sweep)

    def attempts(self, job):
        return self.list_all("AttemptService", "ListAttempts", "attempts", parent=job)

    def series(self, job, key="loss"):
        """[(step, value)] of the job's series."""
        answer = self.call("MetricService", "QueryMetrics", {"job": job, "keys": [key]})
        for series in answer.get("series", []):
            return [(int(step), float(value)) for step, value in zip(series.get("steps", []), series.get("last", []))]
        return []

    def failed_calls(self, method):
        """How many calls of the method the coordinator that runs now answered with an error."""
        endpoint = self.read_json(self.endpoint_file)
        with urllib.request.urlopen(f"http://{endpoint['http']}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines
                   if line.startswith("optfleet_rpc_requests_total{") and f'/{method}"' in line and 'code="OK"' not in line)

    def submit(self, path, *options):
        """Runs the real `optctl submit` and returns the sweep's name."""
        endpoint = self.read_json(self.endpoint_file)
        result = subprocess.run([BIN / "optctl", "--coordinator", endpoint["grpc"], "submit", str(path), "-o", "name", *options],
                                capture_output=True, text=True, timeout=60)
        if result.returncode != 0:
            raise AssertionError(f"optctl submit: {result.returncode}\n{result.stdout}\n{result.stderr}")
        return result.stdout.strip().replace("sweep/", "sweeps/") if result.stdout.startswith("sweep/") else result.stdout.strip()

    def ended(self, sweep):
        jobs = self.jobs(sweep)
        return jobs and all(job.get("state") == "STATE_ENDED" for job in jobs)

    def tail(self, name, lines=15):
        try:
            return "\n".join((self.folder / name).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""
