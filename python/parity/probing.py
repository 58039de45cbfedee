"""Runs `opt-trainer probe` and `parameters` on small models made here, and measures differences."""

import json
import pathlib
import subprocess
import tempfile

import torch

from runfiles import read_safetensors, write_safetensors


class Refused(Exception):
    """opt-trainer's own words."""


class Prober:
    def __init__(self, trainer):
        self.trainer = trainer
        self._temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._temporary.name)

    def run(self, *arguments):
        """Standard output; raises Refused."""
        done = subprocess.run([self.trainer, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(f"exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def write_config(self, options, name="run.yaml"):
        """options: {"model.layers": 2, ...}."""
        path = self.folder / name
        path.write_text("".join(f"{key}: {json.dumps(value).strip(chr(34))}\n" for key, value in options.items()))
        return path

    def describe(self, config):
        """{"model": the resolved group, "parameters": [{"name", "shape"}]}"""
        return json.loads(self.run("parameters", "--config", config, "--json"))

    def probe(self, config, weights, inputs, targets, *options):
        """{"logits", "loss", "z_loss", gradients by name}; `weights`: tensors by name, or a file."""
        if not isinstance(weights, (str, pathlib.Path)):
            write_safetensors(self.folder / "weights.safetensors", weights)
            weights = self.folder / "weights.safetensors"
        tokens = self.folder / "tokens.json"
        tokens.write_text(json.dumps({"inputs": inputs.tolist(), "targets": targets.tolist()}))
        out = self.folder / "out.safetensors"
        self.run("probe", "--config", config, "--weights", weights, "--tokens", tokens, "--out", out, *options)
        return read_safetensors(out)


def draw_weights(parameters, seed, dtype=torch.float32):
    """Weights of which no part is without effect: gains around 1, biases away from 0. parameters: [(name, shape)]."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in parameters:
        drawn = torch.randn(shape, generator=generator)
        if name.endswith("norm.weight") or ".norm1.weight" in name or ".norm2.weight" in name:
            drawn = 1 + 0.2 * drawn
        elif len(shape) == 2:
            drawn = drawn * (0.4 if "embedding" in name else shape[1] ** -0.5)
        else:
            drawn = 0.2 * drawn
        weights[name] = drawn.to(dtype)
    return weights


def draw_tokens(vocabulary, sequences, length, seed):
    """(inputs, targets)"""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(vocabulary, (sequences, length + 1), generator=generator)
    return tokens[:, :-1], tokens[:, 1:]


def difference(found, expected):
    """The largest difference of an element, as a share of the largest element."""
    found, expected = found.double(), expected.double()
    assert found.shape == expected.shape, f"{list(found.shape)} instead of {list(expected.shape)}"
    scale = expected.abs().max().item()
    worst = (found - expected).abs().max().item()
    return worst if scale == 0 else worst / scale


def distance(found, expected):
    """The norm of the difference, as a share of the norm."""
    found, expected = found.double(), expected.double()
    assert found.shape == expected.shape, f"{list(found.shape)} instead of {list(expected.shape)}"
    scale = expected.norm().item()
    return (found - expected).norm().item() / (scale if scale > 0 else 1.0)
