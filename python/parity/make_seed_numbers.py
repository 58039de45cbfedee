"""Makes seed_numbers.json: what the code of "Deconstructing What Makes a Good Optimizer for Language Models" (arXiv
2407.07972) gives for its own update rules, which no package has.

    make_seed_numbers.py --source PATH/olmo/optim.py

PATH is a checkout of https://github.com/rosieyzh/optimizers-llm at commit a1f8a3f58f4b6e805e2725cc249f859f7a8e18bd;
nothing of it is here. Its module is loaded with stand-ins for what it imports and does not need, and run in fp32 on the
inputs of rule_inputs.py.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import pathlib
import sys
import types

import torch

from rule_cases import trainer_cases
from rule_inputs import make
from rule_reference import rate
from seed_numbers import NUMBERS, STEPS, sample

# By parts of their names that code decides what a tensor is.
NAMES = {
    "final_norm.weight": "ln_f.weight",
    "blocks.0.mlp.up.weight": "blocks.0.ff_proj.weight",
    "blocks.0.mlp.up.bias": "blocks.0.ff_proj.bias",
    "blocks.0.attention.qkv.weight": "blocks.0.att_proj.weight",
    "token_embedding.weight": "wte.weight",
    "output.weight": "ff_out_last.weight",
}


def _module(name, **members):
    module = types.ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module
    return module


def load(path):
    stand_in = type("StandIn", (), {})
    _module("timm", optim=types.SimpleNamespace(sgdw=types.SimpleNamespace(SGDW=stand_in)))
    _module("olmo", LayerNormBase=stand_in).__path__ = []
    names = ("OptimizerType", "SchedulerConfig", "SchedulerType", "TrainConfig")
    _module("olmo.config", **{name: stand_in for name in names})
    _module("olmo.torch_util", get_default_device=None, is_distributed=None)
    _module("olmo.sophia", SophiaG=stand_in)
    spec = importlib.util.spec_from_file_location("olmo.optim", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _optimizer(rules, case, tensors):
    kind, flags = case.seed
    groups = []
    for name, tensor in tensors.items():
        o = case.options(name)
        decay = o.weight_decay if o.decay_form == "decoupled" else o.weight_decay / o.learning_rate
        groups.append({"params": [tensor], "param_names": [NAMES[name]], "lr": o.learning_rate, "weight_decay": decay})
    optimizer = getattr(rules, kind)(groups, betas=(o.beta1, o.beta2), eps=o.epsilon, **flags)
    optimizer._cuda_graph_capture_health_check = lambda: None  # its name in the torch of that time
    return optimizer


def run(rules, case):
    weights, gradients = make(case.shapes, case.spread)
    tensors = {name: torch.tensor(w, dtype=torch.float32, requires_grad=True) for name, w in weights.items()}
    optimizer = _optimizer(rules, case, tensors)
    peaks = [group["lr"] for group in optimizer.param_groups]
    found = {}
    for step, gradient in enumerate(gradients, 1):
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(gradient[name], dtype=torch.float32)
        for group, peak in zip(optimizer.param_groups, peaks):
            group["lr"] = peak * rate(case.keys, step)
        with contextlib.redirect_stdout(io.StringIO()):
            optimizer.step()
        if step in STEPS:
            found[step] = {name: sample(tensor.detach().numpy()) for name, tensor in tensors.items()}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, type=pathlib.Path)
    rules = load(parser.parse_args().source)
    cases = [case for case in trainer_cases() if case.seed]
    lines = [f'"{case.name}": {json.dumps(run(rules, case))}' for case in cases]
    NUMBERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
