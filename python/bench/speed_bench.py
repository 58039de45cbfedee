"""Tokens per second of opt-trainer beside PyTorch's eager variants and torch.compile, in turn, as JSON lines.

    speed_bench.py --trainer build/release/bin/opt-trainer --data .deps/data/shakespeare.txt
        [--models a b c] [--precisions fp32 bf16] [--peers eager-sdpa eager-manual compile-sdpa]
        [--rounds 3] [--seconds 8] [--threads 2] [--start]

Pre-norm GPTs with learned positions and a tied head, AdamW with the gradient clipped at 1, on the same bytes:

    a  4 layers of 128, 128 tokens x 32,  vocabulary 256     0.84M parameters
    b  6 layers of 384, 256 tokens x 16,  vocabulary 256     10.8M
    c  8 layers of 512, 256 tokens x 4,   vocabulary 50304   51.1M

A round runs opt-trainer (a process of its own, its first steps left out) and then every peer. All peers of a model live in this process,
with torch.optim's fused AdamW, and compute what opt-trainer computes: the loss of the first step must agree. A line per run, then one
per model and precision with the medians, the best eager variant and the ratios. --start times the first step of model a from the start
of the process, and the whole of a run of one step.
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

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
from reference_model import Reference, make_optimizer  # noqa: E402
from runfiles import read_metrics, read_safetensors, read_timed_metrics  # noqa: E402

#          layers, width, heads, vocabulary, sequence length, batch
SHAPES = {
    "a": (4, 128, 4, 256, 128, 32),
    "b": (6, 384, 6, 256, 256, 16),
    "c": (8, 512, 8, 50304, 256, 4),
}
WARMUP = 3  # steps that do not count


def config_of(arguments, shape, precision, steps):
    layers, width, heads, vocabulary, length, batch = SHAPES[shape]
    return {
        "model.layers": layers,
        "model.width": width,
        "model.heads": heads,
        "model.vocab_size": vocabulary,
        "optimizer.name": "adamw",
        "optimizer.learning_rate": 0.001,
        "schedule.name": "constant",
        "schedule.warmup": 0,
        "data.path": str(pathlib.Path(arguments.data).resolve()),
        "data.sequence_length": length,
        "evaluation.batches": 1,
        "evaluation.final_batches": 1,
        "training.batch_size": batch,
        "training.precision": precision,
        "budget.steps": steps,
    }


def write_config(path, options):
    path.write_text("".join(f"{key}: {value}\n" for key, value in options.items()))


def tokens_a_step(shape):
    return SHAPES[shape][4] * SHAPES[shape][5]


class Ours:
    """opt-trainer on one shape and precision; a run is as long as --seconds asks, by the speed of the last one."""

    def __init__(self, arguments, shape, precision, folder):
        self.arguments, self.shape, self.precision, self.folder = arguments, shape, precision, folder
        self.runs, self.steps = 0, WARMUP + 2

    def config(self, steps):
        path = self.folder / "run.yaml"
        write_config(path, config_of(self.arguments, self.shape, self.precision, steps))
        return path

    def ask(self, *args):
        return subprocess.run([self.arguments.trainer, *args], check=True, capture_output=True, text=True).stdout

    def run(self):
        """Tokens per second and the first step's loss."""
        out = self.folder / f"run-{self.runs}"
        self.runs += 1
        self.ask("train", self.config(self.steps), "--out", out, "--threads", str(self.arguments.threads))
        points = [values for _, _, values in read_metrics(out / "metrics.log") if "step_seconds" in values]
        counted = [values["step_seconds"] for values in points[WARMUP:]]
        self.steps = WARMUP + max(2, round(self.arguments.seconds * len(counted) / sum(counted)))
        return len(counted) * tokens_a_step(self.shape) / sum(counted), points[0]["loss"]

    def spec(self):
        return json.loads((self.folder / "run-0" / "job.json").read_text())["spec"]


class Peer:
    """PyTorch on the same weights and sequences. `variant` is eager or compile, a hyphen, sdpa or manual."""

    def __init__(self, variant, spec, weights, batches, seconds):
        how, attention = variant.split("-")
        spec = {**spec, "model": {**spec["model"], "attention": attention}}
        model = Reference(spec, weights)
        self.parameters = list(model.weights.values())
        self.loss = torch.compile(model.loss) if how == "compile" else model.loss
        self.optimizer = make_optimizer(spec, self.parameters, fused=True)
        self.half = spec["training"]["precision"] == "bf16"
        self.batches, self.seconds, self.done = batches, seconds, 0

    def step(self):
        inputs, targets = self.batches[self.done % len(self.batches)]
        self.done += 1
        self.optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.half):
            loss = self.loss(inputs, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        return loss.item()

    def run(self):
        first = self.step()
        if self.done == 1:
            self.step()
        begin, steps = time.perf_counter(), 0
        while steps < 2 or time.perf_counter() - begin < self.seconds:
            self.step()
            steps += 1
        return steps * self.batches[0][0].numel() / (time.perf_counter() - begin), first


def batches_of(ours, data, count):
    lines = ours.ask("batches", "--config", ours.config(count), "--steps", str(count)).splitlines()
    length = SHAPES[ours.shape][4]
    found = []
    for line in lines:
        rows = torch.stack([data[start : start + length + 1] for start in json.loads(line)["starts"]]).long()
        found.append((rows[:, :-1].contiguous(), rows[:, 1:].contiguous()))
    return found


def compare(arguments, shape, precision, data, folder):
    ours = Ours(arguments, shape, precision, folder)
    settings = {"model": shape, "precision": precision, "threads": arguments.threads}
    speeds = {}

    def report(who, speed, loss):
        speeds.setdefault(who, []).append(speed)
        print(json.dumps({**settings, "who": who, "tokens_per_second": round(speed), "loss": round(loss, 4)}), flush=True)

    ours.ask("init", "--config", ours.config(1), "--out", folder / "weights.safetensors")
    _, first_loss = ours.run()  # a short run that says how long the others must be
    weights = read_safetensors(folder / "weights.safetensors")
    batches = batches_of(ours, data, 4)
    peers = {variant: Peer(variant, ours.spec(), weights, batches, arguments.seconds) for variant in arguments.peers}
    for number in range(arguments.rounds):
        report("opt-trainer", *ours.run())
        for variant, peer in peers.items():
            speed, loss = peer.run()
            if number == 0:
                assert abs(loss - first_loss) < (2e-4 if precision == "fp32" else 2e-2), (variant, loss, first_loss)
            report(variant, speed, loss)
    medians = {who: statistics.median(values) for who, values in speeds.items()}
    summary = {**settings, "medians": {who: round(value) for who, value in medians.items()}}
    for how in ("eager", "compile"):
        found = {who: value for who, value in medians.items() if who.startswith(how)}
        if found:
            best = max(found, key=found.get)
            summary[f"ratio_to_best_{how}"] = round(medians["opt-trainer"] / found[best], 3)
            summary[f"best_{how}"] = best
    print(json.dumps({**summary, "rounds": arguments.rounds, "torch": torch.__version__}), flush=True)


def time_start(arguments, folder):
    """Seconds from the start of the process to the record of the first step, and to the end of a run of one step."""
    config = folder / "start.yaml"
    write_config(config, config_of(arguments, "a", arguments.precisions[0], 1))
    firsts, wholes = [], []
    for number in range(arguments.rounds):
        out = folder / f"start-{number}"
        began = time.time()
        subprocess.run(
            [arguments.trainer, "train", config, "--out", out, "--threads", str(arguments.threads)], check=True, capture_output=True
        )
        wholes.append(time.time() - began)
        firsts.append(next(at for _, _, at, points in read_timed_metrics(out / "metrics.log") if "step_seconds" in points) - began)
    row = {"who": "opt-trainer", "first_step_seconds": firsts, "whole_run_seconds": wholes}
    print(json.dumps({key: [round(x, 3) for x in value] if isinstance(value, list) else value for key, value in row.items()}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--models", nargs="+", choices=sorted(SHAPES), default=sorted(SHAPES))
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "bf16"], default=["fp32", "bf16"])
    parser.add_argument("--peers", nargs="+", default=["eager-sdpa", "eager-manual"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = torch.frombuffer(bytearray(pathlib.Path(arguments.data).read_bytes()), dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as temporary:
        if arguments.start:
            time_start(arguments, pathlib.Path(temporary))
            return
        for shape in arguments.models:
            for precision in arguments.precisions:
                folder = pathlib.Path(temporary) / f"{shape}-{precision}"
                os.makedirs(folder)
                compare(arguments, shape, precision, data, folder)


if __name__ == "__main__":
    main()
