#!/usr/bin/env python3
"""What a training step pays to record 12 figures: our recorder and wandb offline, in turn.

    compare.py --ours build/release/bin/optfleet_bench_step_cost --python VENV/bin/python [--rounds 3] [--folder .]

VENV has wandb installed. Prints every line of JSON, then medians and ratios. Paced: a step every 2 ms.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

KEYS = ["loss", "grad_norm", "learning_rate", "tokens", "step_seconds", "tokens_per_second", "memory_bytes", "val_loss",
        "val_perplexity", "val_bits_per_byte", "log_wait_seconds", "data_wait_seconds"]


def wandb_case(folder, name, steps, pace):
    import wandb
    settings = wandb.Settings(console="off", x_disable_stats=True, disable_git=True, silent=True)
    run = wandb.init(project="bench", mode="offline", dir=folder, settings=settings)
    costs = []
    for i in range(steps):
        row = {key: 1.0 / (i + 1) + place for place, key in enumerate(KEYS)}
        begin = time.perf_counter()
        run.log(row, step=i)
        costs.append((time.perf_counter() - begin) * 1e6)
        if pace:
            time.sleep(max(0, pace - (time.perf_counter() - begin)))
    run.finish()
    costs.sort()
    print(json.dumps({"peer": f"wandb {wandb.__version__} offline", "case": name, "mean_us": statistics.fmean(costs),
                      "us": {"count": steps, "p50": costs[steps // 2], "p99": costs[steps * 99 // 100], "max": costs[-1]}}),
          flush=True)


def lines_of(command):
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(output, end="", flush=True)
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", default="build/release/bin/optfleet_bench_step_cost")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=".")
    parser.add_argument("--wandb", action="store_true", help="run wandb's side here, once")
    options = parser.parse_args()
    if options.wandb:
        wandb_case(options.folder, "flat_out", 20000, 0)
        wandb_case(options.folder, "paced_2ms", 2000, 0.002)
        return
    means = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for _ in range(options.rounds):
            lines = lines_of([options.ours, "--folder", folder])
            lines += lines_of([options.python, str(pathlib.Path(__file__).resolve()), "--wandb", "--folder", folder])
            for line in lines:
                means.setdefault((line["case"], line["peer"].split()[0]), []).append(line["mean_us"])
    for case in ("flat_out", "paced_2ms"):
        ours, wandb = (statistics.median(means[(case, peer)]) for peer in ("optfleet", "wandb"))
        print(json.dumps({"case": case, "optfleet_us": round(ours, 3), "wandb_us": round(wandb, 1), "ratio": round(wandb / ours)}))


if __name__ == "__main__":
    main()
