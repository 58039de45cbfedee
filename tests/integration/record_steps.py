#!/usr/bin/env python3
"""Times the steps of sweeps' jobs on one core: what tests/bench/prediction holds predictions against.

    record_steps.py OUT FILE ... [--set KEY=VALUE ...] [--rounds N]

A step's time is the processor time that it takes, which other work on the machine hardly changes: each job is trained alone for a few
steps and for more, and the difference is that of the steps between. Of each the least of all rounds counts. Jobs that differ only by what
costs no time in a step (seeds, learning rates, schedules, budgets) are one shape, timed once. OUT is written anew after each shape: a
JSON line a job, whose `spec` is a merge patch (RFC 7386) of the line before, so that the file stays small.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

from cluster import BIN

FEW = 3
# Processor seconds that the steps between the two runs shall take together, and how many there are.
BETWEEN_SECONDS, BETWEEN_STEPS = 1.5, (6, 60)
# Groups and keys that cost no time in a step, as spec/step_shape.h has them.
FREE = ("schedule.", "budget.", "evaluation.", "checkpoint.", "start.", "training.seed", "optimizer.learning_rate", "optimizer.weight_decay", "optimizer.momentum")


def jobs_of(path, options):
    """The keys of each job of the sweep file."""
    text = subprocess.run([BIN / "optctl", "plan", path, "--offline", "-o", "json", *options], capture_output=True, text=True, check=True).stdout
    return [job["values"] for job in json.loads(text)["jobs"]]


def nested(values):
    spec = {}
    for key, value in values.items():
        group, _, name = key.partition(".")
        spec.setdefault(group, {})[name] = value
    return spec


def shape_of(values):
    return json.dumps({key: value for key, value in values.items() if not key.startswith(FREE)}, sort_keys=True)


def processor_seconds(values, steps):
    """Of training so many steps, with all that is around them."""
    spec = nested({key: value for key, value in values.items() if not key.startswith(("schedule.", "budget.", "evaluation.", "checkpoint."))})
    if spec.get("averaging", {}).get("kind") == "tail":
        del spec["averaging"]  # works at the end only, and asks for more steps
    spec |= {"budget": {"steps": steps}, "evaluation": {"batches": 1}}
    with tempfile.TemporaryDirectory(prefix="optfleet-steps-") as folder:
        config = pathlib.Path(folder, "run.json")
        config.write_text(json.dumps(spec))
        with open(f"{folder}/out", "wb") as out:
            child = subprocess.Popen([BIN / "opt-trainer", "train", config, "--out", f"{folder}/run", "--threads", "1"], stdout=out, stderr=out)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise RuntimeError(pathlib.Path(folder, "out").read_text())
        return used.ru_utime + used.ru_stime


class Shape:
    """How long the steps of one take: the least of all tries."""

    def __init__(self, values):
        self.values = values
        self.many = None
        self.least = {}

    def time(self):
        few = self.try_once(FEW)
        if self.many is None:
            between = (self.try_once(FEW + BETWEEN_STEPS[0]) - few) / BETWEEN_STEPS[0]
            self.many = FEW + min(max(round(BETWEEN_SECONDS / max(between, 1e-3)), BETWEEN_STEPS[0]), BETWEEN_STEPS[1])
        self.try_once(self.many)

    def try_once(self, steps):
        seconds = processor_seconds(self.values, steps)
        self.least[steps] = min(self.least.get(steps, seconds), seconds)
        return seconds

    def step_seconds(self):
        return (self.least[self.many] - self.least[FEW]) / (self.many - FEW)


def patch(before, after):
    """What makes `after` of `before`."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    changed = {key: None for key in before if key not in after}
    return changed | {key: patch(before.get(key), value) for key, value in after.items() if key not in before or before[key] != value}


def write(path, jobs, shapes):
    before, lines = {}, []
    for sweep, values in jobs:
        if not shapes[shape_of(values)].least:
            continue
        spec = nested(values | {"data.path": "text.txt"})
        seconds = shapes[shape_of(values)].step_seconds()
        lines.append(json.dumps({"sweep": sweep, "seconds": float(f"{seconds:.4g}"), "spec": patch(before, spec)}, separators=(",", ":")) + "\n")
        before = spec
    path.write_text("".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("sweeps", nargs="+", type=pathlib.Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    options = [word for one in arguments.set for word in ("--set", one)]
    jobs = [(f"{path.parent.name}/{path.stem}", values) for path in arguments.sweeps for values in jobs_of(path, options)]
    shapes = {}
    for _, values in jobs:
        shapes.setdefault(shape_of(values), Shape(values))
    for number in range(1, arguments.rounds + 1):
        for shape in shapes.values():
            shape.time()
            write(arguments.out, jobs, shapes)
        print(f"round {number}: {len(shapes)} shapes of {len(jobs)} jobs", flush=True)


if __name__ == "__main__":
    main()
