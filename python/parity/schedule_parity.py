"""Compares learning rates of `opt-trainer schedule` with torch.optim.lr_scheduler on every step of a run.

    schedule_parity.py --trainer build/release/bin/opt-trainer

A case says which epoch of torch's scheduler step 1 is: curves that reach their end value at the last step begin one epoch after their
peak (epoch 1), one-cycle and warm restarts begin at the first value (epoch 0). Tolerance: 1e-9 relative to the peak, since torch's chainable forms
multiply one rounding error per step into the next.
"""

import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile

import torch
from torch.optim import lr_scheduler

STEPS = 400
WARMUP = 40
PEAK = 0.3
TOLERANCE = 1e-9


def one_cycle(anneal):
    return lambda optimizer: lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=PEAK,
        total_steps=STEPS,
        pct_start=WARMUP / STEPS,
        anneal_strategy=anneal,
        div_factor=100,
        final_div_factor=0.1,
        cycle_momentum=False,
    )


def warmed_cosine(optimizer):
    rise = lr_scheduler.LinearLR(optimizer, start_factor=0.1, end_factor=1, total_iters=WARMUP)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS - WARMUP, eta_min=0.1 * PEAK)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], milestones=[WARMUP])


def chained(optimizer):
    rise = lr_scheduler.LinearLR(optimizer, start_factor=0.1, end_factor=1, total_iters=WARMUP)
    hold = lr_scheduler.ConstantLR(optimizer, factor=1, total_iters=1)
    fall = lr_scheduler.LinearLR(optimizer, start_factor=1, end_factor=0.05, total_iters=STEPS - 200)
    return lr_scheduler.SequentialLR(optimizer, [rise, hold, fall], milestones=[WARMUP, 200])


# Name: options of `schedule`, torch's scheduler, its epoch at step 1.
CASES = {
    "one-cycle-cosine": (
        {"name": "one_cycle", "warmup": "10%", "start_ratio": 0.01, "final_ratio": 0.1, "shape": "cosine"},
        one_cycle("cos"),
        0,
    ),
    "one-cycle-linear": (
        {"name": "one_cycle", "warmup": WARMUP, "start_ratio": 0.01, "final_ratio": 0.1, "shape": "linear"},
        one_cycle("linear"),
        0,
    ),
    "cosine": (
        {"name": "cosine", "final_ratio": 0.2},
        lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS, eta_min=0.2 * PEAK),
        1,
    ),
    "warmup-cosine": ({"name": "cosine", "warmup": WARMUP, "start_ratio": 0.1}, warmed_cosine, 1),
    "linear": (
        {"name": "linear", "final_ratio": 0.1},
        lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=1, end_factor=0.1, total_iters=STEPS),
        1,
    ),
    "linear-to-zero-with-tail": (
        {"name": "linear", "final_ratio": 0, "horizon": "75%"},
        lambda optimizer: lr_scheduler.PolynomialLR(optimizer, total_iters=300, power=1),
        1,
    ),
    "warmup-constant": (
        {"name": "constant", "warmup": WARMUP, "start_ratio": 0.25},
        lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=0.25, end_factor=1, total_iters=WARMUP),
        1,
    ),
    "exponential": (
        {"name": "stages", "stages": "exponential 1 to 0.01 for rest"},
        lambda optimizer: lr_scheduler.ExponentialLR(optimizer, gamma=0.01 ** (1 / STEPS)),
        1,
    ),
    "stages": (
        {"name": "stages", "stages": "linear 0.1 to 1 for 10% then constant 1 for 160 then linear 1 to 0.05 for rest"},
        chained,
        1,
    ),
    "restarts": (
        {"name": "warm_restarts", "cycle": 100, "final_ratio": 0.1},
        lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=100, eta_min=0.1 * PEAK),
        0,
    ),
    "restarts-growing": (
        {"name": "warm_restarts", "cycle": "5%", "cycle_factor": 3, "final_ratio": 0},
        lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=20, T_mult=3),
        0,
    ),
}


def ours(trainer, options):
    keys = {f"schedule.{key}": value for key, value in options.items()}
    keys |= {"optimizer.learning_rate": PEAK, "budget.steps": STEPS, "data.path": "text.txt"}
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "run.yaml"
        config.write_text("".join(f"{key}: {value}\n" for key, value in keys.items()))
        command = [trainer, "schedule", "--config", str(config)]
        table = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(row["learning_rate"]) for row in csv.DictReader(table.splitlines())]


def torchs(make, first_epoch):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=PEAK)
    scheduler = make(optimizer)
    rates = [scheduler.get_last_lr()[0]]
    while len(rates) < STEPS + first_epoch:
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates[first_epoch:]


def compare(trainer, name, options, make, first_epoch):
    found, expected = ours(trainer, options), torchs(make, first_epoch)
    assert len(found) == len(expected) == STEPS, (len(found), len(expected))
    difference = max(abs(a - b) for a, b in zip(found, expected)) / PEAK
    moves = len(set(expected)) > 2
    good = difference <= TOLERANCE and moves
    print(f"{'ok  ' if good else 'FAIL'} {name:26} largest difference {difference:.1e}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    arguments = parser.parse_args()
    results = [compare(arguments.trainer, name, *case) for name, case in CASES.items()]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
