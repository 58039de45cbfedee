"""Tokens per second of opt-trainer beside PyTorch eager in Python, in turn (A B A B), as JSON lines.

    train_bench.py --trainer build/release/bin/opt-trainer --data .deps/data/shakespeare.txt [--rounds 3] [--steps 40]

Both train the quickstart's model: same weights, same sequences, same attention, dtype and thread count, fused optimizer on both sides. The
first five steps of each run do not count. A line per run, then one with the ratio of the medians.
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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
from reference_model import Reference, learning_rate, make_optimizer  # noqa: E402
from runfiles import read_metrics, read_safetensors  # noqa: E402

WARMUP = 5


def write_config(path, arguments):
    options = {
        "model.layers": arguments.layers,
        "model.width": arguments.width,
        "model.heads": 4,
        "model.attention": "manual" if arguments.precision == "bf16" else "sdpa",
        "optimizer.name": "adamw",
        "data.path": str(pathlib.Path(arguments.data).resolve()),
        "data.sequence_length": arguments.sequence_length,
        "evaluation.batches": 1,
        "training.batch_size": arguments.batch_size,
        "training.precision": arguments.precision,
        "budget.steps": arguments.steps,
    }
    path.write_text("".join(f"{key}: {value}\n" for key, value in options.items()))


def run_trainer(arguments, config, folder):
    command = [arguments.trainer, "train", config, "--out", folder, "--threads", str(arguments.threads)]
    subprocess.run(command, check=True, capture_output=True)
    steps = [points for _, _, points in read_metrics(folder / "metrics.log") if "step_seconds" in points]
    return [points["step_seconds"] for points in steps], steps[-1]["loss"]


def run_python(arguments, spec, weights, starts, data):
    torch.set_num_threads(arguments.threads)
    model = Reference(spec, weights)
    parameters = list(model.weights.values())
    optimizer = make_optimizer(spec, parameters, fused=True)
    half = arguments.precision == "bf16"
    seconds, length = [], arguments.sequence_length
    for step, rows in enumerate(starts, 1):
        begin = time.perf_counter()
        tokens = torch.stack([data[start : start + length + 1] for start in rows]).long()
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            loss = model.loss(tokens[:, :-1], tokens[:, 1:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, spec["training"]["clip_norm"])
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(spec, step)
        optimizer.step()
        value = loss.item()
        seconds.append(time.perf_counter() - begin)
    return seconds, value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--sequence_length", type=int, default=64)
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    arguments = parser.parse_args()
    speeds = {"opt-trainer": [], "pytorch-eager": []}

    def report(who, seconds, loss):
        counted = seconds[WARMUP:]
        speed = len(counted) * arguments.batch_size * arguments.sequence_length / sum(counted)
        speeds[who].append(speed)
        print(json.dumps({"who": who, "tokens_per_second": round(speed), "loss": round(loss, 4), **settings}), flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        config = folder / "run.yaml"
        write_config(config, arguments)
        ask = lambda *args: subprocess.run([arguments.trainer, *args], check=True, capture_output=True, text=True).stdout
        ask("init", "--config", config, "--out", folder / "weights.safetensors")
        lines = ask("batches", "--config", config, "--steps", str(arguments.steps)).splitlines()
        starts = [json.loads(line)["starts"] for line in lines]
        weights = read_safetensors(folder / "weights.safetensors")
        data = torch.frombuffer(bytearray(pathlib.Path(arguments.data).read_bytes()), dtype=torch.uint8)
        settings = {"threads": arguments.threads, "precision": arguments.precision, "torch": torch.__version__}
        for number in range(arguments.rounds):
            run = folder / f"run-{number}"
            report("opt-trainer", *run_trainer(arguments, config, run))
            spec = json.loads((run / "job.json").read_text())["spec"]
            report("pytorch-eager", *run_python(arguments, spec, weights, starts, data))
    medians = {who: statistics.median(values) for who, values in speeds.items()}
    ratio = medians["opt-trainer"] / medians["pytorch-eager"]
    print(json.dumps({"ratio": round(ratio, 3), "rounds": arguments.rounds, **settings}))


if __name__ == "__main__":
    main()
