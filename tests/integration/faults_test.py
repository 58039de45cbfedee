#!/usr/bin/env python3
"""Calls of workers and of the command line go wrong: requests are lost, answers are lost, calls are carried out and reported as failed.

The coordinator does that to itself (--fault); workers, trainers and files are the real ones. Afterwards: one sweep was made, however often it was
submitted; each job succeeded at its first attempt; each series has every step once.
"""
import os
import pathlib
import subprocess
import tempfile
import unittest
import uuid

from cluster import BIN, ROOT, Cluster, Unreachable, wait_until

STEPS = 150
SWEEP = f"""
name: faults
model: {{layers: 1, width: 32, heads: 2}}
optimizer: {{name: adamw, learning_rate: [1e-3, 3e-3, 1e-2]}}
data: {{path: text.txt, sequence_length: 32}}
training: {{batch_size: 4, seed: 7}}
budget: {{steps: {STEPS}}}
evaluation: {{every_steps: 50, batches: 2}}
checkpoint: {{every_steps: 50, keep: 1}}
"""
SHARES = {"Synchronize": 0.12, "ReportMetrics": 0.2, "CreateSweep": 0.3}  # of each kind
FAULTS = [f"{method}:{kind}:{share}" for method, share in SHARES.items() for kind in ("request_lost", "answer_lost", "reported_failed")]
# How often a worker calls for one sweep depends on the machine, so sweeps are submitted until each method has failed so often.
ENOUGH = {"Synchronize": 20, "ReportMetrics": 10, "CreateSweep": 5}
MOST_SWEEPS = 60


class Faults(unittest.TestCase):
    def submit(self, cluster, path):
        """Repeats the same request until it is answered."""
        endpoint = cluster.read_json(cluster.endpoint_file)
        request = str(uuid.uuid4())
        for _ in range(60):
            done = subprocess.run([BIN / "optctl", "--coordinator", endpoint["grpc"], "submit", str(path), "-o", "name", "--request-id", request],
                                  capture_output=True, text=True, timeout=60)
            if done.returncode == 0:
                return
            self.assertIn(done.returncode, (1, 5), done.stderr)
        self.fail("never answered")

    def submit_number(self, cluster, folder, number):
        rates = "[1e-3]" if number else "[1e-3, 3e-3, 1e-2]"
        (folder / "sweep.yaml").write_text(SWEEP.replace("name: faults", f"name: faults{number}").replace("seed: 7", f"seed: {number}")
                                           .replace("[1e-3, 3e-3, 1e-2]", rates))
        self.submit(cluster, folder / "sweep.yaml")

    @staticmethod
    def ended(cluster, sweeps):
        try:
            return all(cluster.ended(sweep) for sweep in sweeps)
        except Unreachable:
            return False

    def test_nothing_is_lost_or_done_twice(self):
        with tempfile.TemporaryDirectory() as name, Cluster(lease="10s") as cluster:
            folder = pathlib.Path(name)
            (folder / "text.txt").write_bytes((ROOT / "docs" / "run-directory.md").read_bytes() * 2)
            options = [word for fault in FAULTS for word in ("--fault", fault)]
            cluster.start_coordinator(*options, "--fault-seed", "3")
            cluster.start_worker("a", "--slots", "2")
            sweeps = []
            while len(sweeps) < MOST_SWEEPS and not self.enough(self.failed(cluster)):
                self.submit_number(cluster, folder, len(sweeps))
                sweeps.append(f"sweeps/faults{len(sweeps)}")
                wait_until(lambda: self.ended(cluster, sweeps[:-4]), 150, lambda: cluster.tail("coordinator.log") + cluster.tail("a.log"))
            wait_until(lambda: self.ended(cluster, sweeps), 150, lambda: cluster.tail("coordinator.log") + cluster.tail("a.log"))
            listed = [sweep["name"] for sweep in cluster.list_all("SweepService", "ListSweeps", "sweeps")]
            self.assertEqual(sorted(sweeps), sorted(listed))
            for sweep in sweeps:
                for job in cluster.jobs(sweep):
                    with self.subTest(job=job["name"]):
                        self.assertEqual("OUTCOME_SUCCEEDED", job.get("outcome"), job.get("reason"))
                        self.assertEqual(1, job["attemptCount"])
                        self.assertEqual(list(range(1, STEPS + 1)), [step for step, _ in cluster.series(job["name"])])
            failed = self.failed(cluster)
            print(f"{len(sweeps)} sweeps, failed calls {failed}")
            self.assertTrue(self.enough(failed), failed)

    @staticmethod
    def failed(cluster):
        return {method: cluster.failed_calls(method) for method in ENOUGH}

    @staticmethod
    def enough(failed):
        return all(failed[method] >= count for method, count in ENOUGH.items())


if __name__ == "__main__":
    unittest.main(verbosity=2)
