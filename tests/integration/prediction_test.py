#!/usr/bin/env python3
"""`optctl plan` against what then runs: time within 25 %, memory within 10 %.

    prediction_test.py                        # two sweeps of small models, under a minute
    prediction_test.py --sweeps [FILE ...] [--set training.seed=0]    # a table over the small sweeps of sweeps/seeds (docs/prediction.md)

A sweep is planned before it is submitted, on one worker of one slot, from what ran there before. Memory is counted, so every job must
agree. Times are of a machine that may do other work. So predictions are multiplied by how much larger the share of a processor was that
jobs had when what they are from ran; medians count, of three tries the best; and the first sweep is repeated after the second. Where no try
found the machine as fast after as before, job by job, and the shares alike, nothing can be said of time, and the test is skipped with the
figures.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import datetime

from cluster import BIN, ROOT, Cluster, wait_until

TIME, MEMORY = 0.25, 0.10
STILL = 1.3  # a job that is repeated takes at most so much longer or shorter
ALIKE = 1.2  # and jobs had at most so much more or less of a processor
# Seconds, after which nothing is tried again, and for one sweep: a try of three takes 12 to 25 s where little else runs.
PATIENCE, PATIENCE_OF_SWEEP = 150, 100

# Shapes around those that are asked for afterwards.
FIRST = """
name: first
model: {heads: 4, layers: [2, 4], width: [32, 96]}
data: {path: %s, sequence_length: 64}
training.batch_size: [4, 16]
optimizer: {name: adamw, learning_rate: 1e-3}
budget.steps: 20
evaluation.batches: 4
"""
# The first two have run with another rate and for fewer steps; the other four are new.
SECOND = """
name: second
model.heads: 4
data: {path: %s, sequence_length: 64}
optimizer: {name: adamw, learning_rate: 3e-3}
budget.steps: 30
evaluation.batches: 4
sweep:
  - {model: {layers: 4, width: 96}, training.batch_size: [4, 16]}
  - {model: {layers: 3, width: 64, mlp: [gelu, relu]}, training.batch_size: [8, 24]}
"""


def seconds_between(a, b):
    moment = lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return moment(b) - moment(a)


def processor_seconds_of_children(pid):
    """Those that have ended and been waited for."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


class TooSlow(Exception):
    """Other work leaves the machine no time for this."""


class Fleet(Cluster):
    """One worker of one slot of one thread."""

    patience = 3600  # seconds, of one sweep
    share = 0.0  # of a processor that the attempts of the newest sweep had while their slot was taken

    def __enter__(self):
        self.start_coordinator()
        self.start_worker("w", "--slots", "1", "--threads", "1")
        wait_until(lambda: self.call("WorkerService", "ListWorkers", {}).get("workers"), 20, lambda: self.tail("w.out"))
        return self

    def plan(self, path, *options):
        endpoint = self.read_json(self.endpoint_file)
        result = subprocess.run([BIN / "optctl", "--coordinator", endpoint["grpc"], "plan", path, "-o", "json", *options],
                                capture_output=True, text=True, timeout=120)
        if result.returncode != 0:
            raise AssertionError(f"optctl plan: {result.stderr}")
        return json.loads(result.stdout)

    def run(self, path, *options):
        """Runs the sweep to its end: its jobs, each with the seconds that its slot was taken for."""
        worker = self.workers["w"].pid
        before = processor_seconds_of_children(worker)
        sweep = self.submit(path, *options)
        try:
            wait_until(lambda: self.ended(sweep), self.patience, lambda: self.tail("w.log"))
        except AssertionError as error:
            if os.getloadavg()[0] > 1.5 * os.cpu_count():
                raise TooSlow from error
            raise
        jobs = self.jobs(sweep)
        for job in jobs:
            attempts = self.attempts(job["name"])
            job["seconds"] = sum(seconds_between(one["createTime"], one["endTime"]) for one in attempts)
            job["figures"] = {figure["key"]: float(figure["value"]) for figure in job.get("final", [])}
        self.share = (processor_seconds_of_children(worker) - before) / sum(job["seconds"] for job in jobs)
        return jobs


def compare(plan, jobs):
    """(source, predicted seconds, seconds, predicted bytes, bytes) of each job that succeeded."""
    rows = []
    for planned, job in zip(plan["jobs"], jobs):
        if job.get("outcome") != "OUTCOME_SUCCEEDED":
            continue
        times = planned["times"][0]
        rows.append((times["source"], times["seconds"], job["seconds"], planned["memory"]["peak_bytes"],
                     job["figures"]["peak_memory_bytes"]))
    return rows


def typical(seconds):
    return statistics.median(seconds)


class Prediction(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="optfleet-prediction-")
        folder = pathlib.Path(self.temporary.name)
        text = folder / "text.txt"
        text.write_bytes(b"".join(path.read_bytes() for path in sorted((ROOT / "docs").glob("*.md"))))
        self.first, self.second = folder / "first.yaml", folder / "second.yaml"
        self.first.write_text(FIRST % text)
        self.second.write_text(SECOND % text)

    def tearDown(self):
        self.temporary.cleanup()

    def attempt(self):
        """How far medians of measured and of scaled jobs are off, as factors. Nothing where it took too long."""
        with Fleet() as fleet:
            fleet.patience = PATIENCE_OF_SWEEP
            try:
                self.assertEqual(fleet.plan(self.first)["jobs"][0]["times"][0]["source"], "unknown")
                before, shares = fleet.run(self.first), [fleet.share]
                plan = fleet.plan(self.second)
                jobs = fleet.run(self.second)
                shares.append(fleet.share)
                after = fleet.run(self.first)
                shares.append(fleet.share)
            except TooSlow:
                return None
        self.assertEqual(plan["misfits"], [])
        rows = compare(plan, jobs)
        self.assertEqual([row[0] for row in rows], ["measured"] * 2 + ["scaled"] * 4)
        for row in rows:
            self.assertLessEqual(abs(row[3] / row[4] - 1), MEMORY, row)
        self.assertAlmostEqual(plan["times"][0]["seconds"], sum(row[1] for row in rows), delta=0.01)
        drifts = [b["seconds"] / a["seconds"] for a, b in zip(before, after)]
        slower = shares[0] / shares[1]
        off = lambda source: typical([row[1] * slower / row[2] for row in rows if row[0] == source])
        still = all(1 / STILL <= drift <= STILL for drift in drifts) and max(shares) / min(shares) <= ALIKE
        return {"measured": off("measured"), "scaled": off("scaled"), "still": still}

    def test_plan_says_what_then_takes_place(self):
        tried, begin = [], time.monotonic()
        while len(tried) < 3 and time.monotonic() - begin < PATIENCE:
            found = self.attempt()
            if found is None:
                self.skipTest("other work leaves this machine no time")
            tried.append(found)
            if all(abs(tried[-1][source] - 1) <= TIME for source in ("measured", "scaled")):
                return
        told = "predicted over measured: " + ", ".join(f"{one['measured']:.2f} and {one['scaled']:.2f}" for one in tried)
        # One still try that is off may be an accident.
        if sum(one["still"] for one in tried) > 1:
            self.fail(told)
        self.skipTest(f"other work on this machine changed its speed from job to job; {told}")


SWEEPS = [
    "3/lr_batch_small", "3/optimizers_small", "0/convergence_small", "0/size_small", "0/memory_small", "2/lr_small", "2/eight_bit_small",
    "2/architecture_small", "2/schedules_small", "2/scaling_small", "3/memory_small", "3/precision_small", "3/accumulation_small",
]


def table(paths, options):
    """One row for each sweep: planned from all that ran before it, then run."""
    print("| sweep | jobs | from | predicted | took | time | half of the jobs within | memory |")
    print("|---|---|---|---|---|---|---|---|")
    everything = []
    with Fleet() as fleet:
        for path in paths:
            plan = fleet.plan(path, *options)
            begin = time.monotonic()
            rows = compare(plan, fleet.run(path, *options))
            everything += rows
            counts = {source: sum(row[0] == source for row in rows) for source in ("measured", "scaled", "unknown")}
            sources = ", ".join(f"{count} {source}" for source, count in counts.items() if count)
            memory = max((row[3] / row[4] - 1 for row in rows), key=abs)
            name = f"{path.parent.name}/{path.stem}"
            if counts["unknown"]:
                print(f"| {name} | {len(rows)} | {sources} | - | {sum(row[2] for row in rows):.1f} s | - | - | {memory:+.1%} |", flush=True)
                continue
            predicted, took = sum(row[1] for row in rows), sum(row[2] for row in rows)
            off = typical([abs(row[1] / row[2] - 1) for row in rows])
            print(f"| {name} | {len(rows)} | {sources} | {predicted:.1f} s | {took:.1f} s | {predicted / took - 1:+.0%} | {off:.0%} | {memory:+.1%} |", flush=True)
            print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr)
    known = [row for row in everything if row[0] != "unknown"]
    for source in ("measured", "scaled"):
        of = [abs(row[1] / row[2] - 1) for row in known if row[0] == source]
        if of:
            print(f"\n{source}: {len(of)} jobs, half of them within {typical(of):.0%}, {sum(one <= TIME for one in of)} within {TIME:.0%}")
    worst = max((row[3] / row[4] - 1 for row in everything), key=abs)
    print(f"memory: {len(everything)} jobs, the worst off by {worst:+.1%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", nargs="*", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of every sweep: --set training.seed=0")
    arguments, rest = parser.parse_known_args()
    if arguments.sweeps is None:
        unittest.main(argv=[sys.argv[0], *rest])
    paths = arguments.sweeps or [ROOT / "sweeps/seeds" / f"{name}.yaml" for name in SWEEPS]
    table([path.resolve() for path in paths], [word for one in arguments.set for word in ("--set", one)])


if __name__ == "__main__":
    main()
