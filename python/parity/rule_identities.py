"""What follows from the rules without a reference: pairs of configurations that must give the same bits, through
`opt-trainer replay`."""

import numpy as np

from rule_cases import case
from rule_compare import Row
from rule_inputs import SHAPES, STEPS, STEPS_OUT, make

FEW = {name: shape for name, shape in SHAPES.items() if shape[0] < 10000}


def _same(name, what, one, other):
    """A row that counts elements with other bits."""
    off = sum(np.count_nonzero(one[step][tensor] != other[step][tensor]) for step in one for tensor in one[step])
    complete = one.keys() == other.keys() and all(one[step].keys() == other[step].keys() for step in one)
    return Row(name, what, "elements off", off if complete else float("nan"), 0)


def _run(replay, rule, options, shapes=SHAPES, schedule=None, **more):
    return replay.run_keys(case(rule, rule, options, schedule=schedule).keys, shapes, **more)


def signum_is_lion(replay):
    rate = {"learning_rate": 0.003, "weight_decay": 0.1}
    lion = _run(replay, "lion", rate | {"beta1": 0.9, "beta2": 0.9})
    yield _same("signum_is_lion", "lion with equal betas", _run(replay, "signum", rate | {"beta1": 0.9}), lion)


def rows_only_is_adalayer_rows(replay):
    """Adafactor of the seed study with neuron_only has one second moment a row, and so has adalayer_rows."""
    rate = {"learning_rate": 0.01, "weight_decay": 0.1}
    rows_only = _run(replay, "adafactor_momentum", rate | {"rows_only": True})
    yield _same("rows_only_is_adalayer_rows", "adalayer_rows", rows_only, _run(replay, "adalayer_rows", rate))


def hybrid_without_adaptive_groups_is_ema_sgd(replay):
    groups = {f"groups.{role}.name": "ema_sgd" for role in ("embedding", "output", "norm", "bias", "attention", "mlp")}
    hybrid = _run(replay, "adalayer", {"learning_rate": 0.1, "momentum": 0.9} | groups)
    plain = _run(replay, "ema_sgd", {"learning_rate": 0.1, "momentum": 0.9})
    yield _same("hybrid_without_adaptive_groups", "ema_sgd", hybrid, plain)


def frozen_until_freeze_ends(replay):
    """The learning rate is 0 before step t_freeze, and there is no decay; at that step everything moves."""
    freeze = {"schedule.name": "cosine", "schedule.freeze": 20, "schedule.warmup": 10, "schedule.start_ratio": 0.1}
    start = {name: np.float32(w) for name, w in make(SHAPES)[0].items()}
    for rule in ("adalayer", "adamw", "ema_sgd"):
        found = _run(replay, rule, {"learning_rate": 0.01, "weight_decay": 0.1}, schedule=freeze, steps_out=(1, 19, 20))
        frozen = {step: found[step] for step in (1, 19)}
        yield _same(f"frozen-{rule}", "initial weights", frozen, {step: start for step in frozen})
        still = sum(np.count_nonzero(found[20][name] == w) for name, w in start.items())
        share = still / sum(w.size for w in start.values())
        yield Row(f"frozen-{rule}", "initial weights", "still at 20", share, 0.01)


def large_minimum_is_32_bits(replay):
    for rule, rest in (("adamw", {"beta2": 0.999}), ("lion", {"beta2": 0.99})):
        options = {"learning_rate": 0.003, "weight_decay": 0.1} | rest
        eight = _run(replay, f"{rule}_8bit", options | {"min_8bit_size": 10**6})
        yield _same(f"large-minimum-{rule}", rule, eight, _run(replay, rule, options))


def roles_from_a_map(replay):
    """Other names with a role map give what the model's names give."""
    options = {"learning_rate": 0.03, "groups.attention.learning_rate": 0.01}
    options |= {"groups.bias.name": "adamw", "groups.norm.name": "lion"}
    names = {name: f"t{number}/{'matrix' if len(FEW[name]) == 2 else 'vector'}" for number, name in enumerate(FEW)}
    roles = "t0/*: norm\nt1/matrix: mlp\nt2/*: bias\nt3/*: attention\n"
    mapped = _run(replay, "sgd", options, FEW, rename=names.get, roles=roles)
    yield _same("roles_from_a_map", "roles from names", mapped, _run(replay, "sgd", options, FEW))


def threads_change_nothing(replay):
    for rule in ("adamw", "adafactor", "adalayer_rows", "adamw_8bit"):
        options = {"learning_rate": 0.01}
        one, four = (_run(replay, rule, options, threads=threads) for threads in (1, 4))
        yield _same(f"threads-{rule}", "one thread", four, one)


def fewer_steps_are_a_prefix(replay):
    """With a constant learning rate, 10 steps alone are the first 10 of 60."""
    first = _run(replay, "ademamix", {"learning_rate": 0.003}, steps_out=(1, 2, 10), steps=10)
    whole = _run(replay, "ademamix", {"learning_rate": 0.003}, steps_out=STEPS_OUT)
    yield _same("fewer_steps", f"{STEPS} steps", first, {step: whole[step] for step in first})


IDENTITIES = (
    signum_is_lion,
    rows_only_is_adalayer_rows,
    hybrid_without_adaptive_groups_is_ema_sgd,
    frozen_until_freeze_ends,
    large_minimum_is_32_bits,
    roles_from_a_map,
    threads_change_nothing,
    fewer_steps_are_a_prefix,
)
