"""Times each update rule beside the same rule in Python, in turn in one run, and against the speed of memory.

    rule_bench.py --trainer build/release/bin/opt-trainer [--millions 10] [--rounds 3] [--steps 10] [--threads 1] [--rule NAME]

For each rule: nanoseconds a parameter and step (median over rounds of the medians of steps), the ratio to the best form that PyTorch or the
package has (below 1: ours is faster), bytes a parameter that must move, and how far that is from copying as many bytes. The same tensors,
shaped like a model's, for both sides. Shared machines drift: compare ratios, not figures.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import torch

from peers import PEERS

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
from runfiles import write_safetensors  # noqa: E402

# Bytes that a step must move for each parameter: weights, gradients and states, read and written.
BYTES = {"sgd": 20, "ema_sgd": 20, "adam": 28, "adamw": 28, "lion": 20, "signum": 20, "ademamix": 36}
BYTES |= {"schedule_free_sgd": 20, "schedule_free_adamw": 28, "adafactor": 12, "adafactor_momentum": 20}
BYTES |= {"adalayer": 20, "adalayer_rows": 20, "adam_8bit": 16, "adamw_8bit": 16, "lion_8bit": 14}
BYTES |= {"sophia": 24, "adalayer_frozen": 20, "adalayer_primed": 20, "muon": 20, "muon bf16": 20, "soap": 52}

# What a row's configuration says besides the rule's name, which is its first word.
MORE = {"muon bf16": "optimizer.muon_precision: bf16", "adalayer_frozen": "schedule.freeze: 1"}
MORE |= {"adalayer_primed": "schedule.freeze: 1"}
# soap's decompositions take minutes of the matrices that the others get.
SHAPES = {"soap": (512, 512)}


def tensors(millions, rows=4096, columns=1024):
    """Matrices and as many gains."""
    count = max(1, round(millions * 1e6 / (rows * columns)))
    generator = torch.Generator().manual_seed(1)
    named = {}
    for i in range(count):
        named[f"blocks.{i}.mlp.up.weight"] = torch.randn(rows, columns, generator=generator)
        named[f"blocks.{i}.norm1.weight"] = torch.randn(columns, generator=generator)
    return named


def write_tensors(weights, folder):
    write_safetensors(folder / "params.safetensors", weights)
    gradients = {f"{name}.1{kind}": tensor for kind in ("", ".curvature") for name, tensor in weights.items()}
    write_safetensors(folder / "grads.safetensors", gradients)


def time_ours(arguments, row, folder):
    rule = row.split()[0]
    (folder / "opt.yaml").write_text(f"optimizer: {{name: {rule}, learning_rate: 1e-4}}\n{MORE.get(row, '')}\n")
    command = [arguments.trainer, "replay", "--config", folder / "opt.yaml", "--params", folder / "params.safetensors"]
    command += ["--grads", folder / "grads.safetensors", "--out", folder / "out.safetensors"]
    command += ["--threads", str(arguments.threads), "--time", str(arguments.steps)]
    line = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return statistics.median(line["seconds"]) / line["parameters"] * 1e9


def time_peer(make, weights, steps):
    parameters = [tensor.clone().requires_grad_() for tensor in weights.values()]
    for parameter in parameters:
        parameter.grad = parameter.detach().clone()
    optimizer = make(parameters)
    seconds = []
    for step in range(steps + 1):
        begin = time.perf_counter()
        optimizer.step()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds[1:]) / sum(parameter.numel() for parameter in parameters) * 1e9


def copy_speed(millions):
    """Bytes a nanosecond that a copy moves: read and written."""
    source = torch.ones(round(millions * 1e6))
    target = torch.empty_like(source)
    seconds = []
    for _ in range(7):
        begin = time.perf_counter()
        target.copy_(source)
        seconds.append(time.perf_counter() - begin)
    return 2 * source.nbytes / statistics.median(seconds[1:]) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    parser.add_argument("--millions", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rule", choices=sorted(BYTES))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        written = None
        print(f"{'rule':20} {'ns':>6} {'peer ns':>8} {'ratio':>6} {'bytes':>6} {'x copy':>7}  peer")
        for rule in [arguments.rule] if arguments.rule else BYTES:
            shape = SHAPES.get(rule, ())
            if shape != written:
                weights, written = tensors(arguments.millions, *shape), shape
                write_tensors(weights, folder)
            ours, copies, peers = [], [], {name: [] for name in PEERS.get(rule, {})}
            for _ in range(arguments.rounds):
                ours.append(time_ours(arguments, rule, folder))
                copies.append(copy_speed(arguments.millions))
                for name, make in PEERS.get(rule, {}).items():
                    peers[name].append(time_peer(make, weights, arguments.steps))
            found = statistics.median(ours)
            limit = BYTES[rule] / statistics.median(copies)
            best = min(peers, key=lambda name: statistics.median(peers[name])) if peers else ""
            peer = statistics.median(peers[best]) if best else float("nan")
            figures = f"{found:6.2f} {peer:8.2f} {found / peer:6.2f} {BYTES[rule]:6} {found / limit:7.2f}"
            print(f"{rule:20} {figures}  {best or 'none'}", flush=True)


if __name__ == "__main__":
    main()
