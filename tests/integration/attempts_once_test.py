#!/usr/bin/env python3
"""Kills the coordinator with -9 at random moments, also right after an acknowledgement: each attempt starts and ends once.

    attempts_once_test.py [--seed N] [--kills N]

Real processes and the shipping binaries; each attempt is a process that notes its start and its end in a journal of its own
(opt-true-trainer), which knows nothing of the coordinator. Every sweep that was acknowledged is there afterwards, each of its
jobs has succeeded, in one attempt, that started once and ended once.
"""
import argparse
import collections
import os
import pathlib
import random
import tempfile
import time
import unittest

from cluster import BIN, Cluster, Unreachable, wait_until

OPTIONS = argparse.Namespace(seed=1, kills=20)
JOBS = 12
SWEEP = """name: once
model: {layers: 1, width: 16, heads: 2}
optimizer: {name: adamw, learning_rate: 1e-3}
data: {path: text.txt, sequence_length: 16}
budget: {steps: 1}
training: {batch_size: 2, seed: [%s]}
""" % ", ".join(map(str, range(JOBS)))


class AttemptsOnce(unittest.TestCase):
    def test_starts_and_ends(self):
        rng = random.Random(OPTIONS.seed)
        print(f"seed {OPTIONS.seed}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            journal = pathlib.Path(folder) / "journal"
            os.environ["OPTFLEET_TRUE_JOURNAL"] = str(journal)
            with Cluster(lease="60s", trainer=BIN / "opt-true-trainer") as cluster:
                cluster.start_coordinator()
                for name in ("a", "b"):
                    cluster.start_worker(name, "--slots", "2", "--threads", "1")
                acknowledged = [self.kill_once(cluster, number, rng) for number in range(OPTIONS.kills)]
                acknowledged = [sweep for sweep in acknowledged if sweep]
                wait_until(lambda: all(self.ended(cluster, sweep) for sweep in acknowledged), 120,
                           lambda: cluster.tail("coordinator.log") + cluster.tail("a.log"))
                self.check(cluster, acknowledged, journal)

    def kill_once(self, cluster, number, rng):
        """Submits a sweep and kills: at once after the acknowledgement, in the middle of the work, or before the answer."""
        kind = ("acknowledged", "working", "asked")[number % 3]
        sweep_id = f"once-{number}"
        body = {"sweepId": sweep_id, "requestId": sweep_id, "sweep": {"files": [{"path": "once.yaml", "text": SWEEP}]}}
        sweep = None
        if kind == "asked":
            # The call and the kill race; afterwards the same request is repeated until it is answered.
            try:
                self.post_and_forget(cluster, body)
            except (Unreachable, OSError):
                pass
            time.sleep(rng.uniform(0, 0.02))
        else:
            sweep = cluster.call("SweepService", "CreateSweep", body)["name"]
            if kind == "working":
                time.sleep(rng.uniform(0, 0.3))
        cluster.kill_coordinator()
        time.sleep(rng.uniform(0, 0.1))
        cluster.start_coordinator()
        if sweep is None:
            sweep = wait_until(lambda: self.try_create(cluster, body), 30)
        return sweep

    @staticmethod
    def post_and_forget(cluster, body):
        cluster.call("SweepService", "CreateSweep", body, timeout=0.005)

    @staticmethod
    def try_create(cluster, body):
        try:
            return cluster.call("SweepService", "CreateSweep", body)["name"]
        except Unreachable:
            return None

    @staticmethod
    def ended(cluster, sweep):
        try:
            return cluster.ended(sweep)
        except Unreachable:
            return False

    def check(self, cluster, acknowledged, journal):
        self.assertGreaterEqual(len(acknowledged), OPTIONS.kills)
        # "start sweeps/.../attempts/1.INCARNATION": which incarnation does not matter here.
        lines = collections.Counter(line.rpartition(".")[0] for line in journal.read_text().splitlines())
        attempts = 0
        for sweep in acknowledged:
            jobs = cluster.jobs(sweep)
            self.assertEqual(JOBS, len(jobs), f"{sweep} was acknowledged with {JOBS} jobs")
            for job in jobs:
                self.assertEqual("OUTCOME_SUCCEEDED", job.get("outcome"), job)
                names = [attempt["name"] for attempt in cluster.attempts(job["name"])]
                self.assertEqual([job["name"] + "/attempts/1"], names, "a job was given out twice")
                attempts += 1
                for what in ("start", "end"):
                    self.assertEqual(1, lines.pop(f"{what} {names[0]}", 0), f"{what}s of {names[0]}")
        self.assertEqual({}, dict(lines), "something ran that nobody asked for")
        print(f"  {OPTIONS.kills} kills, {len(acknowledged)} sweeps, {attempts} attempts: each started once and ended once", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=OPTIONS.seed)
    parser.add_argument("--kills", type=int, default=OPTIONS.kills)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=["attempts_once_test.py", *rest], verbosity=2)
