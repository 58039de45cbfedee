"""Runs `opt-trainer replay` (docs/numerics.md) on the weights and gradients of rule_inputs.py."""

import json
import subprocess

import numpy as np
import torch

from rule_cases import sampled
from rule_compare import Row
from rule_inputs import STEPS_OUT, make
from rule_reference import SCHEDULE_FREE
from runfiles import read_safetensors, write_safetensors


class Refused(Exception):
    """The trainer did not run a configuration; the text is the first line that it said."""

    def row(self, name):
        """A failed line of the table."""
        return Row(name, f"refused: {self}", "", float("nan"), 0)


def _tensors(arrays):
    return {name: torch.tensor(array, dtype=torch.float32) for name, array in arrays.items()}


class Replay:
    """Runs below a folder of its caller's."""

    def __init__(self, trainer, folder):
        self._trainer, self._folder = trainer, folder
        self._inputs = {}

    def _files(self, shapes, spread, rename, curvature):
        """Paths of weights and gradients, written once for each set of shapes and names."""
        key = (spread, curvature, *map(rename, shapes))
        if key not in self._inputs:
            paths = [self._folder / f"{kind}-{len(self._inputs)}.safetensors" for kind in ("params", "grads")]
            weights, gradients = make(shapes, spread)
            write_safetensors(paths[0], _tensors({rename(name): w for name, w in weights.items()}))
            steps = {}
            for step, gradient in enumerate(gradients, 1):
                steps |= {f"{rename(name)}.{step}": g for name, g in gradient.items()}
                if curvature and step % 10 == 1:
                    drawn = sampled(gradients, step)
                    steps |= {f"{rename(name)}.{step}.curvature": g for name, g in drawn.items()}
            write_safetensors(paths[1], _tensors(steps))
            self._inputs[key] = paths
        return self._inputs[key]

    def run_keys(
        self, keys, shapes, steps_out=STEPS_OUT, spread=1, rename=lambda name: name, roles=None, threads=1, steps=None
    ):
        """{step: {tensor: fp32 array}}; `rename` gives tensors other names in the files, and `roles` is the text of a
        role map."""
        params, grads = self._files(shapes, spread, rename, "sophia" in keys.values())
        config, result = self._folder / "opt.yaml", self._folder / "result.safetensors"
        config.write_text("".join(f"{key}: {json.dumps(value).strip(chr(34))}\n" for key, value in keys.items()))
        command = [self._trainer, "replay", "--config", config, "--params", params, "--grads", grads, "--out", result]
        command += ["--steps-out", ",".join(map(str, steps_out)), "--threads", str(threads)]
        command += ["--steps", str(steps)] if steps else []
        if roles:
            (self._folder / "roles.yaml").write_text(roles)
            command += ["--roles", self._folder / "roles.yaml"]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode != 0:
            raise Refused((ran.stderr or ran.stdout).strip().split("\n")[0] or f"exit status {ran.returncode}")
        found = {name: np.array(tensor) for name, tensor in read_safetensors(result).items()}
        return {step: _at(step, found, shapes, rename) for step in steps_out}

    def run(self, case):
        """As run_keys, of a case. The trainer leaves out a training point that equals the point of evaluation; here
        both are given."""
        found = self.run_keys(case.keys, case.shapes, spread=case.spread)
        for tensors in found.values():
            for name in [name for name in case.shapes if case.options(name).name in SCHEDULE_FREE]:
                tensors.setdefault(f"{name}.train", tensors[name])
        return found

    def refusal(self, case):
        """What the trainer says instead of running one step of a case; None if it runs."""
        try:
            self.run_keys(case.keys, case.shapes, steps_out=(1,), steps=1)
        except Refused as refused:
            return str(refused)
        return None


def _at(step, found, shapes, rename):
    names = {f"{rename(name)}.{step}{suffix}": f"{name}{suffix}" for name in shapes for suffix in ("", ".train")}
    return {names[key]: value for key, value in found.items() if key in names}
