#!/usr/bin/env python3
"""Searches on recorded curves: ours, Optuna's and Ray Tune's, on the same orders, noise and slots, in virtual time.

    python3 -m venv VENV && VENV/bin/pip install optuna 'ray[tune]'
    tests/bench/search/peers.py --python VENV/bin/python [--seeds 100] [--slots 4] [--noise 0.01]

Halving gets all jobs in an order of the seed; TPE chooses --jobs of them. Each peer decides by its own classes
(SuccessiveHalvingPruner, ASHAScheduler, TPESampler, with their defaults but for the rungs); only the trainings are
replayed. Prints JSON lines, then a table: means with a 95 % interval of the bootstrap over the seeds, and differences from
ours, which are paired by seed.
"""
import argparse
import csv
import heapq
import json
import math
import pathlib
import random
import statistics
import subprocess
import sys
import warnings

MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15
SAMPLES = 2000
PARTS = 50


def mixed(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


class Draws:
    """As sweeps/search/random.h, so that all see the same noise and the same order."""

    def __init__(self, seed):
        self.state = mixed(seed)

    def next(self):
        self.state = (self.state + GAMMA) & MASK
        return mixed(self.state)

    def share(self):
        return (self.next() >> 11) * 2.0**-53

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.share()))
        return radius * math.cos(2 * math.pi * self.share())


class Recorded:
    def __init__(self, path, without, is_fine):
        with open(path) as file:
            rows = [row for row in csv.reader(file) if row[0] != without]
        self.steps = [int(step) for step in rows[0][4:]]
        self.jobs = [(row[0], row[1], float(row[2])) for row in rows[1:]]
        self.seconds = [float(row[3]) for row in rows[1:]]
        self.curves = []
        for row in rows[1:]:
            curve = [float(cell) if cell else math.inf for cell in row[4:]]
            self.curves.append(curve[:curve.index(math.inf) + 1] if math.inf in curve else curve)
        self.is_fine = is_fine
        if is_fine:
            self.refine()
        self.best = min(curve[-1] for curve in self.curves)
        self.all_seconds = sum(self.steps[len(c) - 1] * s for c, s in zip(self.curves, self.seconds))

    def refine(self):
        """As Refined in tests/sweeps/search/curves.cc: lines in the order of their names, rates ascending."""
        lines = {}
        for number, (optimizer, schedule, rate) in enumerate(self.jobs):
            lines.setdefault((optimizer, schedule), []).append((rate, number))
        jobs, seconds, curves = [], [], []
        for line in sorted(lines):
            rates = sorted(lines[line])
            for place, (rate, number) in enumerate(rates):
                following, other = rates[min(place + 1, len(rates) - 1)]
                for part in range(PARTS if place + 1 < len(rates) else 1):
                    share = part / PARTS
                    jobs.append((*line, rate ** (1 - share) * following ** share))
                    seconds.append(self.seconds[number])
                    curves.append([(1 - share) * a + share * b for a, b in zip(self.curves[number], self.curves[other])])
        self.jobs, self.seconds, self.curves = jobs, seconds, curves

    def noisy(self, deviation, seed):
        draws = Draws(seed)
        return [[value + deviation * draws.normal() for value in curve] for curve in self.curves]

    def order(self, seed):
        order, draws = list(range(len(self.jobs))), Draws(seed)
        for i in range(len(order), 1, -1):
            k = draws.next() % i
            order[i - 1], order[k] = order[k], order[i - 1]
        return order


def replay(recorded, curves, slots, next_job, report, ended):
    """Virtual time: next_job() gives (curve, handle) or None; report(handle, step, value) says whether to stop."""
    spent, best, heap, number = 0.0, (math.inf, None), [], 0

    def start(now):
        nonlocal number
        job = next_job()
        if job is not None:
            heapq.heappush(heap, (now + recorded.steps[0] * recorded.seconds[job[0]], number, 0, *job))
            number += 1

    for _ in range(slots):
        start(0.0)
    now = 0.0
    while heap:
        now, _, at, curve, handle = heapq.heappop(heap)
        value = curves[curve][at]
        is_last = at + 1 == len(curves[curve])
        stretch = recorded.steps[at] - (recorded.steps[at - 1] if at else 0)
        spent += stretch * recorded.seconds[curve]
        stops = not is_last and report(handle, recorded.steps[at], value)
        if not is_last and not stops:
            further = (recorded.steps[at + 1] - recorded.steps[at]) * recorded.seconds[curve]
            heapq.heappush(heap, (now + further, number, at + 1, curve, handle))
            number += 1
            continue
        ended(handle, recorded.steps[at], value, stops)
        if is_last and recorded.steps[at] == recorded.steps[-1] and value < best[0]:
            best = (value, curve)
        start(now)
    found = math.inf if best[1] is None else recorded.curves[best[1]][-1]
    return {"found": found, "regret": found / recorded.best - 1, "device_share": spent / recorded.all_seconds, "seconds": now}


def optuna_halving(recorded, options, seed):
    import optuna
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=options.first_steps, reduction_factor=options.factor)
    study = optuna.create_study(pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=seed))
    order = iter(recorded.order(seed))

    def next_job():
        curve = next(order, None)
        return None if curve is None else (curve, study.ask())

    def report(trial, step, value):
        trial.report(value, step)
        return trial.should_prune()

    def ended(trial, step, value, stops):
        state = optuna.trial.TrialState.PRUNED if stops else optuna.trial.TrialState.COMPLETE
        study.tell(trial, None if stops else value, state=state)

    return replay(recorded, recorded.noisy(options.noise, seed), options.slots, next_job, report, ended)


class RayTrial:
    def __init__(self, number):
        self.trial_id = str(number)
        self.status = "RUNNING"
        self.is_saving = False


def ray_halving(recorded, options, seed):
    from ray.tune.schedulers import ASHAScheduler, TrialScheduler
    scheduler = ASHAScheduler(time_attr="step", metric="value", mode="min", max_t=recorded.steps[-1],
                              grace_period=options.first_steps, reduction_factor=options.factor, brackets=1)
    order = iter(recorded.order(seed))

    def next_job():
        curve = next(order, None)
        if curve is None:
            return None
        trial = RayTrial(curve)
        scheduler.on_trial_add(None, trial)
        return curve, trial

    def report(trial, step, value):
        return scheduler.on_trial_result(None, trial, {"step": step, "value": value}) == TrialScheduler.STOP

    def ended(trial, step, value, stops):
        if not stops:
            scheduler.on_trial_complete(None, trial, {"step": step, "value": value})

    return replay(recorded, recorded.noisy(options.noise, seed), options.slots, next_job, report, ended)


def optuna_tpe(recorded, options, seed):
    import optuna
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    optimizers = list(dict.fromkeys(job[0] for job in recorded.jobs))
    schedules = list(dict.fromkeys(job[1] for job in recorded.jobs))
    lines = {}
    for number, (optimizer, schedule, rate) in enumerate(recorded.jobs):
        lines.setdefault((optimizer, schedule), []).append((rate, number))
    lines = {line: sorted(rates) for line, rates in lines.items()}
    left = options.jobs

    def next_job():
        nonlocal left
        if left == 0:
            return None
        left -= 1
        trial = study.ask()
        line = (trial.suggest_categorical("optimizer", optimizers), trial.suggest_categorical("schedule", schedules))
        count = len(lines[line])
        rate = int(trial.suggest_float("rate", 0, 1) * count) if recorded.is_fine else trial.suggest_int("rate", 0, count - 1)
        return lines[line][min(rate, count - 1)][1], trial

    def ended(trial, step, value, stops):
        study.tell(trial, value)

    return replay(recorded, recorded.noisy(options.noise, seed), options.slots, next_job, lambda *_: False, ended)


PEERS = {"optuna halving": optuna_halving, "ray halving": ray_halving, "optuna tpe": optuna_tpe}


METHODS = ["grid", "random", "sobol", "tpe", "halving", "median"]


def run_peers(options):
    import optuna
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore")
    recorded = Recorded(options.curves, options.without, options.fine)
    for name, search in PEERS.items():
        if name.split()[1] not in options.methods:
            continue
        for seed in range(1, options.seeds + 1):
            peer, method = name.split()
            print(json.dumps({"peer": peer, "method": method, "seed": seed, **search(recorded, options, seed)}), flush=True)


def interval(values):
    draw = random.Random(1)
    means = sorted(statistics.fmean(draw.choices(values, k=len(values))) for _ in range(SAMPLES))
    return statistics.fmean(values), means[SAMPLES // 40], means[-1 - SAMPLES // 40]


def text(values, scale=100, digits=2):
    return "{:.{d}f} ({:.{d}f} to {:.{d}f})".format(*(scale * part for part in interval(values)), d=digits)


def print_table(lines):
    by = {}
    for line in lines:
        by.setdefault((line["peer"], line["method"]), []).append(line)
    print("| search | regret, % | within 1 % of the best | device time, % of all jobs | regret less ours, points | device time to ours |")
    print("|---|---|---|---|---|---|")
    for (peer, method), rows in by.items():
        ours = by[("optfleet", method)]
        near = sum(row["regret"] <= 0.01 for row in rows)
        cells = [text([row["regret"] for row in rows]), f"{near} of {len(rows)}",
                 text([row["device_share"] for row in rows], digits=1)]
        if peer == "optfleet":
            cells += ["", ""]
        else:
            cells += [text([theirs["regret"] - own["regret"] for theirs, own in zip(rows, ours)]),
                      text([theirs["device_share"] / own["device_share"] for theirs, own in zip(rows, ours)], 1)]
        print(f"| {peer} {method} | " + " | ".join(cells) + " |")


def main():
    here = pathlib.Path(__file__).resolve()
    root = here.parents[3]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", default=root / "build/release/bin/optfleet_bench_search")
    parser.add_argument("--curves", default=root / "tests/sweeps/search/curves/shakespeare.csv")
    parser.add_argument("--without", default="", help="optimizer whose jobs are left out")
    parser.add_argument("--fine", action="store_true", help="rates are continuous: curves between the recorded ones")
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--python", default=sys.executable, help="with optuna and ray[tune]")
    parser.add_argument("--peers", action="store_true", help="run the peers' side here")
    for name, value in (("seeds", 100), ("slots", 4), ("jobs", 28), ("first-steps", 30), ("factor", 3)):
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--noise", type=float, default=0.01)
    options = parser.parse_args()
    if options.peers:
        return run_peers(options)
    common = ["--fine"] if options.fine else []
    if options.without:
        common.append(f"--without={options.without}")
    for name in ("curves", "seeds", "slots", "jobs", "first_steps", "factor", "noise"):
        common += [f"--{name.replace('_', '-')}={getattr(options, name)}"]
    lines = []
    for command in ([options.ours], [options.python, here, "--peers"]):
        output = subprocess.run([*map(str, command), *common, "--methods", *options.methods], check=True, stdout=subprocess.PIPE, text=True).stdout
        print(output, end="", flush=True)
        lines += [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    print_table(lines)


if __name__ == "__main__":
    main()
