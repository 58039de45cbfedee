"""Compares the update rules with torch.optim over 50 updates from the same gradients, to 1e-6 relative to the weights.

    optimizer_parity.py --trace build/release/bin/trainer_optimizer_trace

The program reads weights and one gradient per update from a safetensors file and writes the weights behind the last update. Shapes: vectors,
matrices, a fused projection and one with more than 10,000 rows.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch

from reference_model import make_optimizer
from runfiles import read_safetensors, write_safetensors

UPDATES = 50
TOLERANCE = 1e-6
SHAPES = {"vector": (7,), "matrix": (16, 12), "fused": (48, 16), "rows": (10007, 2)}

DEFAULTS = {"learning_rate": 1e-2, "momentum": 0.9, "dampening": 0.0, "nesterov": False}
DEFAULTS |= {"beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weight_decay": 0.1}

CASES = {
    "sgd": {"name": "sgd"},
    "sgd-plain": {"name": "sgd", "momentum": 0.0},
    "sgd-dampening": {"name": "sgd", "dampening": 0.3},
    "sgd-nesterov": {"name": "sgd", "nesterov": True},
    "adam": {"name": "adam"},
    "adamw": {"name": "adamw"},
    "adamw-no-decay": {"name": "adamw", "weight_decay": 0.0, "beta2": 0.999},
}


def compare(trace, name, options):
    options = DEFAULTS | options
    torch.manual_seed(1)
    weights = {key: torch.randn(shape) for key, shape in SHAPES.items()}
    gradients = [{key: torch.randn(shape) for key, shape in SHAPES.items()} for _ in range(UPDATES)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        tensors = {f"weight.{key}": tensor for key, tensor in weights.items()}
        for update, step in enumerate(gradients):
            tensors |= {f"gradient.{update}.{key}": tensor for key, tensor in step.items()}
        write_safetensors(folder / "in.safetensors", tensors)
        command = [trace, json.dumps(options), folder / "in.safetensors", str(UPDATES), folder]
        subprocess.run(command, check=True)
        found = read_safetensors(folder / "weights.safetensors")
    parameters = {key: tensor.clone().requires_grad_() for key, tensor in weights.items()}
    optimizer = make_optimizer({"optimizer": options}, list(parameters.values()))
    for step in gradients:
        for key, tensor in parameters.items():
            tensor.grad = step[key].clone()
        optimizer.step()
    difference = max(
        ((found[key] - tensor).abs() / tensor.abs().clamp(min=1)).max().item() for key, tensor in parameters.items()
    )
    moved = min((weights[key] - tensor).abs().max().item() for key, tensor in parameters.items())
    good = difference <= TOLERANCE and moved > 0.01
    print(f"{'ok  ' if good else 'FAIL'} {name:16} largest difference {difference:.1e}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trace", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = [compare(arguments.trace, name, options) for name, options in CASES.items()]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
