"""What each kind of diagnostics costs: a run with it beside a run without, in turn (A B A B), as JSON lines of ratios.

    diagnostics_bench.py --trainer build/release/bin/opt-trainer [--rounds 3] [--steps 40] [--kind gradient_norms]

`recorded_step` is the median time of a step that records over that of a step that does not, of the run beside it; `every_10` what that makes of
all steps at the default of every 10. The first five steps of each run do not count. No absolute times: they would be those of this machine.
"""

import argparse
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
from runfiles import read_metrics  # noqa: E402

WARMUP = 5

KINDS = {
    "gradient_norms": {"gradient_norms": "true"},
    "update_norms": {"update_norms": "true"},
    "activation_rms": {"activation_rms": "all"},
    "attention_entropy": {"attention_entropy": "all"},
    "adam_moments": {"adam_moments": "true"},
    "lion_cosine": {"lion_cosine": "true"},
    "clipping_rate": {"clipping_rate": "true"},
    "gradient_coherence": {"gradient_coherence": "true"},
    "noise_scale": {"noise_scale": "true"},
    "loss_spikes": {"loss_spikes": "true"},
    "phase_times": {"phase_times": "true"},
    "flops": {"flops": "true"},
    "parameters": {"parameters_every_steps": "1"},
}


def options(arguments, kind):
    return {
        "model.layers": arguments.layers,
        "model.width": arguments.width,
        "model.heads": 4,
        "optimizer.name": "lion" if kind == "lion_cosine" else "adamw",
        "data.path": "text.txt",
        "data.sequence_length": arguments.sequence_length,
        "evaluation.batches": 1,
        "training.batch_size": arguments.batch_size,
        "training.micro_batch": arguments.batch_size // 2,
        "budget.steps": arguments.steps,
    }


def run(arguments, folder, name, values):
    config = folder / f"{name}.yaml"
    config.write_text("".join(f"{key}: {value}\n" for key, value in values.items()))
    command = [arguments.trainer, "train", config, "--out", folder / name, "--threads", str(arguments.threads)]
    subprocess.run(command, check=True, capture_output=True)
    steps = [points["step_seconds"] for _, _, points in read_metrics(folder / name / "metrics.log") if "step_seconds" in points]
    return statistics.median(steps[WARMUP:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--sequence_length", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=16)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        choose = random.Random(0)
        (folder / "text.txt").write_text("".join(choice for choice in choose.choices("abcdefgh \n", k=200000)))
        for kind in [arguments.kind] if arguments.kind else KINDS:
            plain = options(arguments, kind)
            on = {f"diagnostics.{key}": value for key, value in KINDS[kind].items()}
            if kind != "parameters":
                on["diagnostics.every_steps"] = 1
            ratios = []
            for number in range(arguments.rounds):
                without = run(arguments, folder, f"{kind}-{number}-off", plain)
                ratios.append(run(arguments, folder, f"{kind}-{number}-on", plain | on) / without)
            ratio = statistics.median(ratios)
            line = {"kind": kind, "recorded_step": round(ratio, 3), "every_10": round(1 + (ratio - 1) / 10, 3)}
            print(json.dumps(line | {"lowest": round(min(ratios), 3), "highest": round(max(ratios), 3), "rounds": arguments.rounds}), flush=True)


if __name__ == "__main__":
    main()
