"""Trains the same small models by opt-trainer and by PyTorch and compares every step's loss and gradient norm.

    train_parity.py --trainer build/release/bin/opt-trainer [--case NAME]

Same initial weights (opt-trainer init), same sequences (opt-trainer batches), fp32. Fails where a loss or a norm differs by more than
1e-5 (relative for norms above 1), or a final weight by more than 1e-4.
"""

import argparse
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import torch

from reference_model import Reference, learning_rate, make_optimizer
from runfiles import read_metrics, read_safetensors

STEPS = 20
TOLERANCE = 1e-5
WEIGHT_TOLERANCE = 1e-4

BASE = {
    "model.layers": 2,
    "model.width": 32,
    "model.heads": 4,
    "model.attention": "sdpa",
    "data.path": "text.txt",
    "data.sequence_length": 24,
    "training.batch_size": 8,
    "training.seed": 3,
    "schedule.warmup": 5,
    "budget.steps": STEPS,
    "checkpoint.every_steps": STEPS,
}

RATES = {"sgd": 0.3, "adam": 3e-3, "adamw": 3e-3}


def cases():
    """Every optimizer with every attention and head, accumulation and clipping mixed in; then options one by one."""
    grid = itertools.product(RATES, ["sdpa", "manual"], [True, False])
    for number, (optimizer, attention, tied) in enumerate(grid):
        name = f"{optimizer}-{attention}-{'tied' if tied else 'untied'}"
        yield name, {
            "optimizer.name": optimizer,
            "optimizer.learning_rate": RATES[optimizer],
            "optimizer.weight_decay": 0.1,
            "model.attention": attention,
            "model.tie_output": tied,
            "training.micro_batch": [8, 2, 4][number % 3],
            "training.clip_norm": [1.0, 0.1, 0.0][(number // 2) % 3],
        }
    yield "nesterov", {"optimizer.name": "sgd", "optimizer.learning_rate": 0.1, "optimizer.nesterov": True}
    yield "dampening", {"optimizer.name": "sgd", "optimizer.learning_rate": 0.3, "optimizer.dampening": 0.5}
    yield "no-bias-constant", {"model.bias": False, "schedule.name": "constant"}
    yield "recompute", {"training.recompute_every": 1, "training.micro_batch": 4}


def write_text(path):
    words = "to be or not that is the question whether tis nobler in mind suffer slings and arrows".split()
    choose = random.Random(0)
    path.write_text(" ".join(choose.choice(words) for _ in range(4000)))


def run_trainer(trainer, folder, options):
    config = folder / "run.yaml"
    config.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in options.items()).replace('"', ""))
    run = lambda *args: subprocess.run([trainer, *args], check=True, capture_output=True, text=True).stdout
    run("init", "--config", config, "--out", folder / "initial.safetensors")
    starts = [json.loads(line)["starts"] for line in run("batches", "--config", config, "--steps", str(STEPS)).split("\n")[:-1]]
    run("train", config, "--out", folder / "run")
    return starts


def reference_steps(spec, weights, text, starts):
    """(loss, gradient norm) of each step, and the model."""
    model = Reference(spec, weights)
    parameters = list(model.weights.values())
    optimizer = make_optimizer(spec, parameters)
    length, micro = spec["data"]["sequence_length"], spec["training"]["micro_batch"]
    figures = []
    for step, rows in enumerate(starts, 1):
        tokens = torch.stack([text[start : start + length + 1] for start in rows])
        optimizer.zero_grad()
        total = 0.0
        pieces = tokens.split(micro)
        for piece in pieces:
            loss = model.loss(piece[:, :-1], piece[:, 1:]) / len(pieces)
            loss.backward()
            total += loss.item()
        clip = spec["training"]["clip_norm"] or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(parameters, clip).item()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(spec, step)
        optimizer.step()
        figures.append((total, norm))
    return figures, model


def weight_difference(name, found, expected):
    difference = (found - expected).abs()
    if name.endswith("attention.qkv.bias"):
        # A key's bias shifts all scores of a row alike: its true gradient is zero, and Adam divides rounding by rounding.
        difference = torch.stack(difference.chunk(3))[[0, 2]]
    return difference.max().item()


def compare(trainer, name, options):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write_text(folder / "text.txt")
        starts = run_trainer(trainer, folder, BASE | options)
        spec = json.loads((folder / "run/job.json").read_text())["spec"]
        text = torch.tensor(list((folder / "text.txt").read_bytes()))
        weights = read_safetensors(folder / "initial.safetensors")
        expected, model = reference_steps(spec, weights, text, starts)
        records = [points for _, _, points in read_metrics(folder / "run/metrics.log") if "loss" in points]
        found = [(points["loss"], points["grad_norm"]) for points in records]
        final = read_safetensors(folder / f"run/checkpoints/step-{STEPS:012d}/weights.safetensors")
    assert len(found) == STEPS, f"{name}: {len(found)} records"
    moved = max((weights[key] - tensor).abs().max().item() for key, tensor in model.weights.items())
    assert moved > 1e-3, f"{name}: the reference does not learn"
    loss = max(abs(a[0] - b[0]) for a, b in zip(found, expected))
    norm = max(abs(a[1] - b[1]) / max(1.0, b[1]) for a, b in zip(found, expected))
    weight = max(weight_difference(key, final[key], tensor) for key, tensor in model.weights.items())
    good = loss <= TOLERANCE and norm <= TOLERANCE and weight <= WEIGHT_TOLERANCE
    print(f"{'ok  ' if good else 'FAIL'} {name:24} loss {loss:.1e}  gradient norm {norm:.1e}  weights {weight:.1e}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    parser.add_argument("--case")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [(name, options) for name, options in cases() if arguments.case in (None, name)]
    results = [compare(arguments.trainer, name, options) for name, options in chosen]
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()
