"""Runs a case of rule_cases.py by the float64 rules."""

import math
import types

import numpy as np

import rules_fp64
import rules_fp64_8bit
import rules_fp64_factored
import rules_fp64_matrix

RULES = {"adamw": rules_fp64.adam, "adamw_8bit": rules_fp64_8bit.adam_8bit}
RULES["adalayer_primed"] = rules_fp64_factored.adalayer_frozen
for _module, _names in (
    (rules_fp64, "sgd ema_sgd adam lion signum ademamix schedule_free_sgd schedule_free_adamw sophia none"),
    (rules_fp64_factored, "adafactor adafactor_momentum adalayer adalayer_rows adalayer_frozen"),
    (rules_fp64_matrix, "muon soap"),
    (rules_fp64_8bit, "adam_8bit lion_8bit"),
):
    RULES |= {name: getattr(_module, name) for name in _names.split()}

SCHEDULE_FREE = ("schedule_free_sgd", "schedule_free_adamw")


def rate(keys, step):
    """Learning rate over its peak: frozen, then linear warm-up, then constant or cosine (docs/numerics.md)."""
    freeze, warmup = keys.get("schedule.freeze", 0), keys.get("schedule.warmup", 0)
    if step < freeze:
        return 0.0
    step, total = step - freeze, keys["budget.steps"] - freeze
    if step < warmup:
        start = keys.get("schedule.start_ratio", 0)
        return start + (1 - start) * step / warmup
    if keys["schedule.name"] == "constant":
        return 1.0
    final = keys["schedule.final_ratio"]
    return final + (1 - final) * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2


def rates(case):
    return [rate(case.keys, step) for step in range(1, case.keys["budget.steps"] + 1)]


def _clipped(gradient, bound):
    """By the global 2-norm, as torch.nn.utils.clip_grad_norm_; 0 does not clip."""
    norm = math.sqrt(sum(np.sum(g**2) for g in gradient.values()))
    scale = min(1.0, bound / (norm + 1e-6)) if bound else 1.0
    return {name: g * scale for name, g in gradient.items()}


def _decayed(w, g, lr, o):
    """(gradient with coupled decay, factor of decoupled decay)."""
    if o.name in SCHEDULE_FREE or o.weight_decay == 0:
        return g, 1.0
    if o.decay_form == "coupled":
        return g + o.weight_decay * w, 1.0
    return g, 1 - o.weight_decay * lr / (o.learning_rate if o.decay_form == "decoupled_by_peak" else 1)


def run(case, weights, gradients, steps_out, stored=rules_fp64_8bit.stored):
    """`steps`: {step: {name: array}}; `<name>.train` is where a schedule-free rule takes gradients. `nearest_sign`: by
    name, how near the arguments of signs came to 0 (rules_fp64.note_sign)."""
    weights = dict(weights)
    options = {name: case.options(name, gradients) for name in weights}
    for o in options.values():
        o.stored = stored
    states = {name: rules_fp64.State() for name in weights}
    result = types.SimpleNamespace(steps={}, nearest_sign={})
    for step, gradient in enumerate(gradients, 1):
        gradient = _clipped(gradient, case.clip_norm(step))
        for name, w in weights.items():
            o = options[name]
            lr = o.learning_rate * rate(case.keys, step)
            g, keep = _decayed(w, gradient[name], lr, o)
            weights[name] = RULES[o.name](w, g, keep, states[name], step, lr, o)
        if step in steps_out:
            result.steps[step] = {name: w for name, w in weights.items() if options[name].name not in SCHEDULE_FREE}
            for name in weights.keys() - result.steps[step].keys():
                result.steps[step] |= {name: states[name].x, f"{name}.train": weights[name]}
    result.nearest_sign = {name: s.nearest_sign for name, s in states.items() if "nearest_sign" in vars(s)}
    return result
