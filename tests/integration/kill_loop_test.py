#!/usr/bin/env python3
"""Kills coordinator, workers, shims and trainers with -9 at random moments and checks that nothing can be told from the curves.

    kill_loop_test.py [--seed N] [--kills N] [--keep]

Real processes, real files, the shipping binaries. Dropout above 0, accumulation above 1, two threads; half of the jobs in bf16.
One trainer is killed inside a checkpoint write, and once the coordinator stays away for twice the lease. Afterwards:
every job succeeded, its series has every step once, a job has exactly as many attempts as its trainer was killed plus one
(so a healthy trainer was never restarted), and each loss curve equals that of an undisturbed run bit for bit.
"""
import argparse
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

from cluster import BIN, ROOT, Cluster, Unreachable, entries, kill, process_lives, wait_until

STEPS = 240
SWEEP = f"""
name: kill-loop
model: {{layers: 2, width: 64, heads: 2, embedding_dropout: 0.1, attention_dropout: 0.1, residual_dropout: 0.1}}
optimizer: {{name: adamw, learning_rate: [1e-3, 3e-3]}}
schedule: {{name: cosine, warmup: 10}}
data: {{path: text.txt, sequence_length: 64}}
training: {{batch_size: 8, micro_batch: 4, clip_norm: 1.0, precision: [fp32, bf16], recompute_every: 0, seed: 7}}
budget: {{steps: {STEPS}}}
evaluation: {{every_steps: 60, batches: 4}}
checkpoint: {{every_steps: 15, keep: 2}}
"""
THREADS = 2
OPTIONS = argparse.Namespace(seed=1, kills=24, keep=False)


def write_inputs(folder: pathlib.Path) -> pathlib.Path:
    text = (ROOT / "docs" / "run-directory.md").read_bytes() + (ROOT / "tests/integration/kill_loop_test.py").read_bytes()
    (folder / "text.txt").write_bytes(text * 2)
    (folder / "sweep.yaml").write_text(SWEEP)
    return folder / "sweep.yaml"


class Monkey:
    """Kills one thing at a time; what it did is kept for the checks."""

    def __init__(self, cluster, rng, log):
        self.cluster, self.rng, self.log = cluster, rng, log
        self.trainer_kills = {}  # attempt name -> 1
        self.counts = {"coordinator": 0, "worker": 0, "shim": 0, "trainer": 0, "checkpoint": 0, "absence": 0}

    def note(self, what, detail=""):
        self.counts[what] += 1
        print(f"  kill {sum(self.counts.values()):2}  {what:11} {detail}", file=self.log, flush=True)

    def healthy_trainers(self):
        return {folder: trainer for folder, _, trainer in self.cluster.started()
                if process_lives(trainer) and not (folder / "result.json").exists()}

    def check_untouched(self, before):
        for folder, pid in before.items():  # a folder that is gone was ended and held
            ended = not folder.exists() or (folder / "result.json").exists()
            assert process_lives(pid) or ended, f"{folder.name}: trainer {pid} did not survive"

    def coordinator(self):
        before = self.healthy_trainers()
        self.cluster.kill_coordinator()
        self.note("coordinator")
        time.sleep(self.rng.uniform(0, 0.4))
        self.cluster.start_coordinator()
        self.check_untouched(before)

    def absence(self):
        """The coordinator stays away for twice the lease while everybody trains on."""
        before = self.healthy_trainers()
        self.cluster.kill_coordinator()
        self.note("absence", "twice the lease")
        time.sleep(2 * float(self.cluster.lease[:-1]))
        self.cluster.start_coordinator()
        self.check_untouched(before)

    def worker(self):
        name = self.rng.choice(sorted(self.cluster.workers))
        before = self.healthy_trainers()
        self.cluster.kill_worker(name)
        self.note("worker", name)
        time.sleep(self.rng.uniform(0, 0.4))
        self.cluster.start_worker(name)
        self.check_untouched(before)

    def shim(self):
        running = [entry for entry in self.cluster.started() if process_lives(entry[1]) and process_lives(entry[2])]
        if not running:
            return
        folder, shim, trainer = self.rng.choice(running)
        before = self.healthy_trainers()
        if kill(shim):
            self.note("shim", folder.name)
            wait_until(lambda: not process_lives(shim), 5)
            self.check_untouched(before)

    def trainer(self):
        """Only one that is past a checkpoint of its own or whose job was never hit: three crashes without progress end a job."""
        hit = {attempt.split("/attempts/")[0] for attempt in self.trainer_kills}
        running = sorted((folder, pid) for folder, pid in self.healthy_trainers().items()
                         if any(name.startswith("step-") for name in entries(folder / "checkpoints"))
                         or self.cluster.read_json(folder / "job.json")["attempt"].split("/attempts/")[0] not in hit)
        if running:
            folder, pid = self.rng.choice(running)
            self.kill_trainer(folder, pid, "trainer")

    def kill_trainer(self, folder, pid, what):
        """Stops it first, so that whether it had already written its result is certain when it dies."""
        kill(pid, 19)
        if (folder / "result.json").exists():
            kill(pid, 18)
            return False
        attempt = self.cluster.read_json(folder / "job.json")["attempt"]
        kill(pid)
        wait_until(lambda: not process_lives(pid), 5)
        self.trainer_kills[attempt] = 1
        self.note(what, attempt)
        return True

    @staticmethod
    def writes_checkpoint(folder):
        return any(name.startswith(".tmp-") for name in entries(folder / "checkpoints"))

    def checkpoint(self):
        """Kills a trainer while a checkpoint has its temporary name."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for folder, pid in self.healthy_trainers().items():
                for _ in range(200):
                    if self.writes_checkpoint(folder):
                        kill(pid, 19)
                        if self.writes_checkpoint(folder) and self.kill_trainer(folder, pid, "checkpoint"):
                            return
                        kill(pid, 18)
                        break


class KillLoop(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def undisturbed(cls, folder):
        """The same sweep, nobody killed: job name -> series."""
        with Cluster() as cluster:
            cluster.start_coordinator()
            cluster.start_worker("calm", "--slots", "1", "--threads", str(THREADS))
            sweep = cluster.submit(write_inputs(folder))
            wait_until(lambda: cluster.ended(sweep), 120, lambda: cluster.tail("calm.log"))
            return {job["name"]: {key: cluster.series(job["name"], key) for key in ("loss", "grad_norm", "val_loss")}
                    for job in cluster.jobs(sweep)}

    def test_nothing_is_lost_or_done_twice(self):
        rng = random.Random(OPTIONS.seed)
        print(f"seed {OPTIONS.seed}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            calm = self.undisturbed(pathlib.Path(folder))
            with Cluster(keep=OPTIONS.keep) as cluster:
                cluster.start_coordinator()
                for name in ("a", "b"):
                    cluster.start_worker(name, "--slots", "1", "--threads", str(THREADS))
                sweep = cluster.submit(write_inputs(pathlib.Path(folder)))
                monkey = Monkey(cluster, rng, sys.stdout)
                self.disturb(cluster, sweep, monkey, rng)
                wait_until(lambda: self.ended(cluster, sweep), 180,
                           lambda: cluster.tail("coordinator.log") + cluster.tail("a.log") + cluster.tail("b.log"))
                self.check(cluster, sweep, monkey, calm)

    @staticmethod
    def ended(cluster, sweep):
        try:
            return cluster.ended(sweep)
        except Unreachable:
            return False

    def disturb(self, cluster, sweep, monkey, rng):
        wait_until(monkey.healthy_trainers, 30)
        monkey.checkpoint()
        monkey.absence()
        kinds = [monkey.coordinator, monkey.worker, monkey.shim, monkey.trainer]
        end = time.monotonic() + 150
        while sum(monkey.counts.values()) < OPTIONS.kills and time.monotonic() < end and not self.ended(cluster, sweep):
            rng.choice(kinds)()
            time.sleep(rng.uniform(0.02, 0.5))

    def check(self, cluster, sweep, monkey, calm):
        print("  kills  " + "  ".join(f"{kind} {count}" for kind, count in monkey.counts.items()), flush=True)
        self.assertGreaterEqual(sum(monkey.counts.values()), min(20, OPTIONS.kills))
        for kind, count in monkey.counts.items():
            self.assertGreater(count, 0, f"no {kind} was killed")
        jobs = cluster.jobs(sweep)
        self.assertEqual(len(calm), len(jobs))
        resumed = 0
        for job in jobs:
            name = job["name"]
            with self.subTest(job=name):
                self.assertEqual("OUTCOME_SUCCEEDED", job.get("outcome"), job.get("reason"))
                kills = sum(attempt.startswith(name + "/") for attempt in monkey.trainer_kills)
                attempts = cluster.attempts(name)
                self.assertEqual(kills + 1, len(attempts), "a healthy trainer was restarted, or a killed one was not")
                resumed += sum(int(attempt.get("resumeStep", 0)) > 0 for attempt in attempts)
                loss = cluster.series(name)
                self.assertEqual(list(range(1, STEPS + 1)), [step for step, _ in loss])
                for key, undisturbed in calm[name].items():
                    self.assertEqual(undisturbed, cluster.series(name, key), key)
        self.assertGreater(resumed, 0, "no attempt resumed from a checkpoint")
        cluster.kill_coordinator()
        self.check_database(cluster)

    def check_database(self, cluster):
        """What the plain sqlite3 shell would see."""
        database = sqlite3.connect(f"file:{cluster.folder}/state/metrics.db?mode=ro", uri=True)
        doubles = database.execute("SELECT job, step, count(*) FROM series WHERE loss IS NOT NULL "
                                   "GROUP BY job, step HAVING count(*) > 1").fetchall()
        self.assertEqual([], doubles)
        rows = database.execute("SELECT count(*) FROM series WHERE loss IS NOT NULL").fetchone()[0]
        jobs = database.execute("SELECT count(DISTINCT job) FROM series").fetchone()[0]
        self.assertEqual(STEPS * jobs, rows)
        database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=OPTIONS.seed)
    parser.add_argument("--kills", type=int, default=OPTIONS.kills)
    parser.add_argument("--keep", action="store_true", help="keep the state folder")
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
