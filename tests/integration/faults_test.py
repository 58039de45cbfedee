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
FAULTS = [f"{method}:{kind}:{share}" for method, share in (("Synchronize", 0.12), ("ReportMetrics", 0.2), ("CreateSweep", 0.3))
          for kind in ("request_lost", "answer_lost", "reported_failed")]


class Faults(unittest.TestCase):
    def submit(self, cluster, path):
        """Repeats the same request until it is answered; returns the name and how often it took."""
        endpoint = cluster.read_json(cluster.endpoint_file)
        request = str(uuid.uuid4())
        for attempt in range(1, 60):
            done = subprocess.run([BIN / "optctl", "--coordinator", endpoint["grpc"], "submit", str(path), "-o", "name", "--request-id", request],
                                  capture_output=True, text=True, timeout=60)
            if done.returncode == 0:
                return done.stdout.strip(), attempt
            self.assertIn(done.returncode, (1, 5), done.stderr)
        self.fail("never answered")

    def test_nothing_is_lost_or_done_twice(self):
        failed_calls = 0
        with tempfile.TemporaryDirectory() as name, Cluster(lease="10s") as cluster:
            folder = pathlib.Path(name)
            (folder / "text.txt").write_bytes((ROOT / "docs" / "run-directory.md").read_bytes() * 2)
            (folder / "sweep.yaml").write_text(SWEEP)
            options = [word for fault in FAULTS for word in ("--fault", fault)]
            cluster.start_coordinator(*options, "--fault-seed", "3")
            cluster.start_worker("a", "--slots", "2")
            for i in range(5):
                (folder / "sweep.yaml").write_text(SWEEP.replace("name: faults", f"name: faults{i}").replace("seed: 7", f"seed: {i}")
                                                   .replace("[1e-3, 3e-3, 1e-2]", "[1e-3]" if i else "[1e-3, 3e-3, 1e-2]"))
                _, tries = self.submit(cluster, folder / "sweep.yaml")
                failed_calls += tries - 1
            sweeps = [sweep["name"] for sweep in cluster.list_all("SweepService", "ListSweeps", "sweeps")]
            self.assertEqual(sorted(f"sweeps/faults{i}" for i in range(5)), sorted(sweeps))

            def ended():
                try:
                    return all(cluster.ended(sweep) for sweep in sweeps)
                except Unreachable:
                    return False
            wait_until(ended, 150, lambda: cluster.tail("coordinator.log") + cluster.tail("a.log"))
            for sweep in sweeps:
                for job in cluster.jobs(sweep):
                    with self.subTest(job=job["name"]):
                        self.assertEqual("OUTCOME_SUCCEEDED", job.get("outcome"), job.get("reason"))
                        self.assertEqual(1, job["attemptCount"])
                        self.assertEqual(list(range(1, STEPS + 1)), [step for step, _ in cluster.series(job["name"])])
            self.assertGreater(failed_calls, 0, "no call of the command line failed")
            # How often the worker calls depends on the machine; that some of its calls failed does not.
            self.assertGreater(self.injected(cluster), 3, "the worker's calls hardly failed")

    @staticmethod
    def injected(cluster):
        """Times the worker's client says that a call failed."""
        return sum((cluster.folder / name).read_text(errors="replace").count("INJECTED_FAULT") +
                   (cluster.folder / name).read_text(errors="replace").count("a fault was asked for")
                   for name in ("a.log",) if (cluster.folder / name).exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
