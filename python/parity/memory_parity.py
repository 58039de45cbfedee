"""Trains small models and compares the peak of their tensors, counted by the trainer's allocator, with what spec/memory.h predicts.

    memory_parity.py --trainer build/release/bin/opt-trainer [--case NAME] [--all]

Two steps and a validation each, on a CPU. Fails where a prediction is off by more than 10 %. Prints the worst cases; --all prints every
one, with the phase and the parts of its peak. The cases are options one by one and a pairwise cover of them, in two shapes: one where
activations and logits are most of the memory, one where weights are.
"""

import argparse
import concurrent.futures
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile

TOLERANCE = 0.10
PARTS = ["weights", "gradients", "optimizer", "average", "activations", "logits", "workspace", "slack"]

BASE = {
    "model.layers": 3,
    "model.width": 64,
    "model.heads": 4,
    "model.vocab_size": 256,
    "model.attention": "sdpa",
    "data.path": "text.txt",
    "data.sequence_length": 64,
    "data.validation_share": 0.1,
    "evaluation.batches": 1,
    "training.batch_size": 8,
    "optimizer.name": "adamw",
    "schedule.name": "constant",
    "budget.steps": 2,
}

SHAPES = {
    "busy": {},
    "heavy": {"model.width": 192, "model.heads": 6, "training.batch_size": 2, "data.sequence_length": 32},
}

# Axes of the pairwise cover; the first value of each is what BASE has.
AXES = {
    "model.attention": ["sdpa", "manual"],
    "training.precision": ["fp32", "bf16", "pure_bf16"],
    "training.recompute_every": [0, 1, 2],
    "model.attention_dropout": [0, 0.1],
    "model.residual_dropout": [0, 0.1],
    "model.embedding_dropout": [0, 0.1],
    "model.tie_output": [True, False],
    "model.bias": [True, False],
    "model.vocab_size": [256, 3000],
    "model.norm": ["layernorm", "rmsnorm"],
    "model.norm_placement": ["pre", "post"],
    "model.qk_norm": [False, True],
    "model.position": ["learned", "sinusoidal", "rotary", "alibi", "none"],
    "model.mlp": ["gelu", "gelu_tanh", "relu", "swiglu"],
    "model.kv_heads": [0, 2],
    "model.residual": ["plain", "weighted"],
    "training.z_loss": [0, 1e-4],
    "training.micro_batch": [0, 1],
    "optimizer.name": ["adamw", "sgd", "lion", "schedule_free_adamw"],
}

# Optimizers that pure_bf16 refuses, and options that need others.
SINGLES = {
    "layers": {"model.layers": 8},
    "one-layer": {"model.layers": 1},
    "long": {"data.sequence_length": 256, "training.batch_size": 2},
    "long-manual": {"data.sequence_length": 256, "training.batch_size": 2, "model.attention": "manual"},
    "wide-mlp": {"model.mlp_width": 1024},
    "many-heads": {"model.heads": 16, "model.attention": "manual"},
    "long-context": {"model.context": 2048},
    "softmax-bf16": {"training.precision": "bf16", "training.softmax_precision": "bf16", "model.attention": "manual"},
    "average": {"averaging.kind": "exponential"},
    "update-norms": {"diagnostics.update_norms": True, "diagnostics.every_steps": 1},
    "coherence": {"diagnostics.gradient_coherence": True, "diagnostics.every_steps": 1, "training.micro_batch": 2},
    # Logits of 33 Mi numbers: two pieces.
    "two-pieces": {"model.vocab_size": 65536, "model.width": 16, "data.sequence_length": 65},
    "two-pieces-bf16": {"model.vocab_size": 65536, "model.width": 16, "data.sequence_length": 65, "training.precision": "bf16"},
    "two-pieces-pure": {"model.vocab_size": 65536, "model.width": 16, "data.sequence_length": 65, "training.precision": "pure_bf16"},
    # Seed 3's model, docs/seeds/3-ablations.md.
    "relu-post-manual": {
        "model.width": 128, "model.mlp": "relu", "model.norm_placement": "post", "model.position": "sinusoidal",
        "model.tie_output": False, "model.attention": "manual", "data.sequence_length": 128, "training.batch_size": 12,
    },
    "relu-post-recomputed": {
        "model.width": 128, "model.mlp": "relu", "model.norm_placement": "post", "model.position": "sinusoidal",
        "model.tie_output": False, "model.attention": "manual", "training.recompute_every": 1, "training.batch_size": 16,
    },
    "plain-sgd": {"optimizer.name": "sgd", "optimizer.momentum": 0},
}
OPTIMIZERS = ["adafactor", "adafactor_momentum", "adam_8bit", "lion_8bit", "muon", "soap", "sophia", "ademamix", "adalayer"]



def pairwise(seed=1):
    """Options drawn greedily so that every two values of different axes stand together at least once."""
    choose = random.Random(seed)
    names = list(AXES)
    together = lambda point: point["model.residual"] == "plain" or point["model.norm_placement"] == "pre"
    missing = {(a, x, b, y) for a, b in itertools.combinations(names, 2) for x in AXES[a] for y in AXES[b]}
    missing.discard(("model.norm_placement", "post", "model.residual", "weighted"))
    pairs_of = lambda point: {(a, point[a], b, point[b]) for a, b in itertools.combinations(names, 2)}
    while missing:
        a, x, b, y = min(missing, key=repr)
        drawn = [{name: choose.choice(values) for name, values in AXES.items()} | {a: x, b: y} for _ in range(60)]
        drawn = [point for point in drawn if together(point)]
        best = max(drawn, key=lambda point: len(pairs_of(point) & missing))
        missing -= pairs_of(best)
        yield best


def cases():
    for shape, extents in SHAPES.items():
        yield f"{shape}", BASE | extents
        for key, values in AXES.items():
            for value in values[1:] if shape == "busy" or not key.startswith("model.") else []:
                yield f"{shape} {key.split('.')[1]} {value}", BASE | extents | {key: value}
        for optimizer in OPTIMIZERS:
            yield f"{shape} {optimizer}", BASE | extents | {"optimizer.name": optimizer}
    for name, options in SINGLES.items():
        yield name, BASE | options
    for number, options in enumerate(pairwise(), 1):
        shape = ["busy", "heavy"][number % 2]
        yield f"pair {number} {shape}", BASE | SHAPES[shape] | options


def write_text(path):
    choose = random.Random(0)
    path.write_bytes(bytes(choose.randrange(32, 127) for _ in range(20000)))


def measure(trainer, name, options):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write_text(folder / "text.txt")
        config = folder / "run.yaml"
        config.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in options.items()).replace('"', ""))
        ran = subprocess.run([trainer, "train", config, "--out", folder / "run"], capture_output=True, text=True)
        if ran.returncode != 0:
            raise SystemExit(f"{name}: {ran.stderr.strip()[-600:]}")
        result = json.loads((folder / "run/result.json").read_text())
    assert result["outcome"] == "succeeded" and result["last_step"] == options["budget.steps"], f"{name}: {result}"
    final = result["final"]
    measured, predicted = final["peak_memory_bytes"], final["predicted_memory_bytes"]
    parts = {part: final[f"predicted_{part}_bytes"] for part in PARTS}
    assert sum(parts.values()) == predicted > 0, name
    return name, measured, predicted, parts, options


def row(result):
    name, measured, predicted, parts, options = result
    off = predicted / measured - 1
    shares = "  ".join(f"{part} {bytes / predicted:.0%}" for part, bytes in parts.items() if bytes / predicted >= 0.01)
    good = "ok  " if abs(off) <= TOLERANCE else "MISS"
    return f"{good} {name:34} measured {measured / 2**20:7.2f} MiB  predicted {off:+6.1%}   {shares}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    parser.add_argument("--case")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    chosen = [(name, options) for name, options in cases() if arguments.case in (None, name)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda case: measure(arguments.trainer, *case), chosen))
    results.sort(key=lambda result: -abs(result[2] / result[1] - 1))
    misses = [result for result in results if abs(result[2] / result[1] - 1) > TOLERANCE]
    for result in results if arguments.all else results[: max(10, len(misses))]:
        print(row(result))
        if result in misses:
            changed = {key: value for key, value in result[4].items() if BASE.get(key) != value}
            print("     ", " ".join(f"{key}={value}" for key, value in changed.items()))
    spread = [abs(predicted / measured - 1) for _, measured, predicted, _, _ in results]
    print(f"{len(results)} cases: {len(misses)} off by more than {TOLERANCE:.0%}, the mean is {sum(spread) / max(1, len(spread)):.1%}")
    sys.exit(0 if results and not misses else 1)


if __name__ == "__main__":
    main()
