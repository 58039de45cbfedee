#!/usr/bin/env python3
"""A worker is cut off by the network for longer than the lease while it trains, and comes back.

Its machine is a network namespace of its own, connected by a veth pair whose end is taken down and up again: packets vanish, nobody's
socket is closed. Afterwards: the job of the cut-off worker was finished by the other one, the trainer that went on alone was ended, and each
series has every step once. The same with the whole worker process stopped (SIGSTOP) for longer than the lease, and the coordinator, too.
Namespaces need root and iproute2; without them the first test is skipped, with the reason.
"""
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from cluster import BIN, ROOT, Cluster, Unreachable, kill, process_lives, size_of, wait_until

LEASE = 3.0
STEPS = 400
SWEEP = f"""
name: partition
model: {{layers: 2, width: 64, heads: 2}}
optimizer: {{name: adamw, learning_rate: [1e-3, 3e-3]}}
data: {{path: text.txt, sequence_length: 64}}
training: {{batch_size: 8, seed: 7}}
budget: {{steps: {STEPS}}}
evaluation: {{every_steps: 100, batches: 2}}
checkpoint: {{every_steps: 25, keep: 2}}
"""


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


class Namespace:
    """A machine of its own: one cable to ours."""

    def __init__(self):
        tag = str(os.getpid() % 10000)
        self.name, self.ours, self.theirs = f"optfleet{tag}", f"of{tag}a", f"of{tag}b"
        # A network of documentation addresses: nobody else uses it.
        self.address, self.far_address = "198.51.100.1", "198.51.100.2"

    def make(self):
        """The reason why it cannot be had, or None."""
        steps = [("ip", "netns", "add", self.name),
                 ("ip", "link", "add", self.ours, "type", "veth", "peer", "name", self.theirs),
                 ("ip", "link", "set", self.theirs, "netns", self.name),
                 ("ip", "addr", "add", f"{self.address}/30", "dev", self.ours),
                 ("ip", "link", "set", self.ours, "up"),
                 ("ip", "-n", self.name, "addr", "add", f"{self.far_address}/30", "dev", self.theirs),
                 ("ip", "-n", self.name, "link", "set", self.theirs, "up"),
                 ("ip", "-n", self.name, "link", "set", "lo", "up")]
        for step in steps:
            try:
                done = run(*step)
            except FileNotFoundError:
                return "iproute2 is not installed"
            if done.returncode != 0:
                self.remove()
                return f"{' '.join(step)}: {done.stderr.strip()}"
        return None

    def cut(self):
        run("ip", "link", "set", self.ours, "down")

    def heal(self):
        run("ip", "link", "set", self.ours, "up")

    def remove(self):
        run("ip", "link", "del", self.ours)
        run("ip", "netns", "del", self.name)


class FarCluster(Cluster):
    """The coordinator listens on our end of the cable; `far` is a worker behind it."""

    def __init__(self, namespace, **options):
        super().__init__(**options)
        self.namespace = namespace

    def start(self, name, program, *arguments):
        if program == "opt-coordinator" and self.namespace:
            arguments = tuple(f"{self.namespace.address}:0" if argument == "127.0.0.1:0" and arguments[i - 1] == "--listen"
                              else argument for i, argument in enumerate(arguments)) + (
                                  "--insecure-listen", self.namespace.address)
        if name != "far" or not self.namespace:
            return super().start(name, program, *arguments)
        with open(self.folder / f"{name}.out", "ab") as out:
            return subprocess.Popen(["ip", "netns", "exec", self.namespace.name, BIN / program, *arguments, "--log-file",
                                     self.folder / f"{name}.log"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)


class Partition(unittest.TestCase):
    def begin(self, folder, cluster):
        text = (ROOT / "docs" / "run-directory.md").read_bytes() + pathlib.Path(__file__).read_bytes()
        (folder / "text.txt").write_bytes(text * 2)
        (folder / "sweep.yaml").write_text(SWEEP)
        cluster.start_coordinator()
        for name in ("near", "far"):
            cluster.start_worker(name, "--slots", "1")
        sweep = cluster.submit(folder / "sweep.yaml")
        wait_until(lambda: len(self.trainers(cluster)) == 2, 60, lambda: cluster.tail("near.log") + cluster.tail("far.log"))
        return sweep

    @staticmethod
    def trainers(cluster):
        """(worker, pid) of the trainers that have recorded something."""
        return {(folder.parent.name if folder.parent.name in cluster.workers else folder.parts[-3], trainer)
                for folder, _, trainer in cluster.started()
                if process_lives(trainer) and size_of(folder / "metrics.log") > 2000}

    def finish(self, cluster, sweep):
        def ended():
            try:
                return cluster.ended(sweep)
            except Unreachable:
                return False
        wait_until(ended, 150, lambda: cluster.tail("coordinator.log") + cluster.tail("far.log"))
        outcomes = {}
        for job in cluster.jobs(sweep):
            with self.subTest(job=job["name"]):
                self.assertEqual("OUTCOME_SUCCEEDED", job.get("outcome"), job.get("reason"))
                self.assertEqual(list(range(1, STEPS + 1)), [step for step, _ in cluster.series(job["name"])])
            outcomes[job["name"]] = [(attempt["worker"], attempt.get("outcome")) for attempt in cluster.attempts(job["name"])]
        return outcomes

    def test_a_worker_cut_off_by_the_network_is_replaced_and_told_so(self):
        namespace = Namespace()
        reason = namespace.make()
        if reason:
            self.skipTest(reason)
        try:
            with tempfile.TemporaryDirectory() as folder, FarCluster(namespace, lease=f"{LEASE:.0f}s") as cluster:
                sweep = self.begin(pathlib.Path(folder), cluster)
                before = {pid for _, pid in self.trainers(cluster)}
                namespace.cut()
                wait_until(lambda: any("OUTCOME_LOST" == attempt.get("outcome") for job in cluster.jobs(sweep)
                                       for attempt in cluster.attempts(job["name"])), 30, lambda: cluster.tail("coordinator.log"))
                self.assertTrue(any(process_lives(pid) for pid in before), "the cut-off trainer goes on alone")
                namespace.heal()
                outcomes = self.finish(cluster, sweep)
                lost = [attempts for attempts in outcomes.values() if ("workers/far", "OUTCOME_LOST") in attempts]
                self.assertEqual(1, len(lost), outcomes)
                wait_until(lambda: not cluster.pids_of_attempts(), 20, lambda: "a trainer runs on though its job has ended")
        finally:
            namespace.remove()

    def test_a_coordinator_that_sleeps_longer_than_the_lease_blames_nobody(self):
        with tempfile.TemporaryDirectory() as folder, FarCluster(None, lease=f"{LEASE:.0f}s") as cluster:
            sweep = self.begin(pathlib.Path(folder), cluster)
            kill(cluster.coordinator.pid, signal.SIGSTOP)
            time.sleep(2 * LEASE)
            kill(cluster.coordinator.pid, signal.SIGCONT)
            outcomes = self.finish(cluster, sweep)
            self.assertEqual({1}, {len(attempts) for attempts in outcomes.values()}, outcomes)

    def test_a_worker_that_sleeps_longer_than_the_lease_loses_its_job_to_the_other(self):
        with tempfile.TemporaryDirectory() as folder, FarCluster(None, lease=f"{LEASE:.0f}s") as cluster:
            sweep = self.begin(pathlib.Path(folder), cluster)
            kill(cluster.workers["far"].pid, signal.SIGSTOP)
            wait_until(lambda: any("OUTCOME_LOST" == attempt.get("outcome") for job in cluster.jobs(sweep)
                                   for attempt in cluster.attempts(job["name"])), 30, lambda: cluster.tail("coordinator.log"))
            kill(cluster.workers["far"].pid, signal.SIGCONT)
            self.finish(cluster, sweep)
            wait_until(lambda: not cluster.pids_of_attempts(), 20, lambda: "a trainer runs on though its job has ended")


if __name__ == "__main__":
    unittest.main(verbosity=2)
