"""The cases of rule_parity.py: configurations of `opt-trainer replay`, and what each is compared with besides the
float64 reference."""

import dataclasses
import types

from rule_inputs import SHAPES, SQUARE_SHAPES, STEPS, role_of

# Values of options that a case does not give, as the spec has them (docs/spec-keys.md).
DEFAULTS = {
    "learning_rate": 1e-3,
    "momentum": 0.9,
    "dampening": 0.0,
    "nesterov": False,
    "beta1": 0.9,
    "beta2": 0.95,
    "beta3": 0.9999,
    "epsilon": 1e-8,
    "weight_decay": 0.0,
    "decay_form": "auto",
    "decay_on": "all",
    "mixture": 8.0,
    "mixture_warmup": 0,
    "averaging_power": 0.0,
    "averaging_rate_power": 2.0,
    "decay_rate": 0.8,
    "clip_threshold": 1.0,
    "epsilon_scale": 1e-3,
    "rows_only": False,
    "split_qkv": True,
    "block_size": 256,
    "min_8bit_size": 4096,
    "muon_momentum": 0.95,
    "muon_nesterov": True,
    "muon_scaling": "original",
    "muon_iterations": 5,
    "muon_precision": "fp32",
    "precondition_frequency": 10,
    "max_precondition_dim": 10000,
    "rho": 0.04,
    "hessian_interval": 10,
}
COUPLED = ("sgd", "adam", "adam_8bit", "schedule_free_sgd", "schedule_free_adamw")

SCHEDULE = {"schedule.name": "cosine", "schedule.warmup": 10, "schedule.final_ratio": 0.1}
CONSTANT = {"schedule.name": "constant"}
FREEZE = SCHEDULE | {"schedule.freeze": 20, "schedule.start_ratio": 0.1}
# Sides of 16 at full rank: with a singular Gram matrix the basis of its null space is anybody's choice, and SOAP
# depends on it.
SOAP_SHAPES = {name: shape for name, shape in SQUARE_SHAPES.items() if shape != (16, 12)}


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    keys: dict  # of the spec
    packages: tuple = ()  # labels in rule_packages.py, each by itself; "A + B": A and B for their rules
    seed: tuple = ()  # class and flags of the seed study's code whose results are in seed_numbers.json
    shapes: dict = dataclasses.field(default_factory=lambda: SHAPES)
    spread: int = 1  # of the gradients' sizes by row: rule_inputs.make

    @property
    def rules(self):
        """Names of all rules that its tensors use."""
        return {self.options(name).name for name in self.shapes}

    def clip_norm(self, step):
        """Bound of the gradient's global 2-norm; 0 does not clip."""
        loose = step <= self.keys.get("training.clip_warmup", 0)
        return self.keys["training.clip_norm"] * (self.keys["training.clip_warmup_factor"] if loose else 1)

    def options(self, tensor, gradients=()):
        """Options of one tensor: those of its role over those of the optimizer over defaults."""
        prefix = "optimizer."
        given = {key.removeprefix(prefix): value for key, value in self.keys.items() if key.startswith(prefix)}
        role = role_of(tensor)
        own = {key.split(".")[2]: value for key, value in given.items() if key.startswith(f"groups.{role}.")}
        options = types.SimpleNamespace(**DEFAULTS | given | own, role=role, is_fused="qkv" in tensor)
        if given.get("name") == "muon" and "name" not in own and role not in ("attention", "mlp"):
            options.name = "adamw"
        options.sampled = lambda t: sampled(gradients, t)[tensor] if t % options.hessian_interval == 1 else None
        options.batch_tokens = self.keys.get("training.batch_size", 16) * self.keys.get("data.sequence_length", 128)
        options.by_rows = role == "output"
        options.t_freeze = self.keys.get("schedule.freeze", 0)
        if not _decays(options, len(self.shapes[tensor])):
            options.weight_decay = 0.0
        if options.decay_form == "auto":
            options.decay_form = "coupled" if options.name in COUPLED else "decoupled"
        return options


def sampled(gradients, step):
    """What stands for the gradient at labels drawn from the model before a step: that of another step."""
    return gradients[(step + 6) % STEPS]


def _decays(options, dimensions):
    if options.decay_on == "matrices":
        return dimensions == 2
    return options.decay_on == "all" or options.role in ("attention", "mlp") and dimensions == 2


def case(name, rule, options=None, packages=(), schedule=None, other=None, **more):
    keys = {"optimizer.name": rule} | {f"optimizer.{key}": value for key, value in (options or {}).items()}
    keys |= (schedule or CONSTANT) | {"training.clip_norm": 0, "budget.steps": STEPS} | (other or {})
    return Case(name, keys, packages, **more)


def steady(rate):
    """A decay for a learning rate that never changes. Everybody rounds the factor 1 - rate x decay to fp32; were it not
    exact, as 1 - 2^-10 is, the same error each step would move weights by up to 60 x 2^-25 = 1.8e-6 and say nothing
    about the rule. Changing rates average it out."""
    return 2**-10 / rate


def three(rule, options, packages=(), **more):
    """Without decay and schedule, with decay, with both."""
    decay = 0.125 if rule in COUPLED else steady(options["learning_rate"])
    yield case(rule, rule, options, packages, **more)
    yield case(f"{rule}-decay", rule, options | {"weight_decay": decay}, packages, **more)
    yield case(f"{rule}-decay-schedule", rule, options | {"weight_decay": 0.125}, packages, SCHEDULE, **more)


def _plain_rules():
    rate = {"learning_rate": 0.03}
    torch_sgd, sgdw = ("torch.optim.SGD",), ("pytorch_optimizer.SGDW",)
    yield from three("sgd", rate, torch_sgd)
    yield case("sgd-without-momentum", "sgd", rate | {"momentum": 0.0, "weight_decay": 0.1}, torch_sgd, SCHEDULE)
    yield case("sgd-dampening", "sgd", rate | {"dampening": 0.3}, torch_sgd)
    yield case("sgd-nesterov", "sgd", rate | {"nesterov": True, "weight_decay": 0.1}, torch_sgd, SCHEDULE)
    yield case("sgd-decoupled", "sgd", rate | {"weight_decay": 0.1, "decay_form": "decoupled"}, sgdw, SCHEDULE)
    yield from three("ema_sgd", {"learning_rate": 0.1})

    rate = {"learning_rate": 0.01}
    yield from three("adam", rate, ("torch.optim.Adam",))
    yield from three("adamw", rate, ("torch.optim.AdamW", "bitsandbytes.AdamW32bit"))
    yield case("adamw-beta2-0.999", "adamw", rate | {"beta2": 0.999, "epsilon": 1e-15}, ("torch.optim.AdamW",))
    by_peak = {"weight_decay": 1e-3, "decay_form": "decoupled_by_peak"}
    yield case("adamw-by-peak", "adamw", rate | by_peak, ("torch.optim.AdamW",), SCHEDULE)
    for which in ("matrices", "linear"):
        options = rate | {"weight_decay": steady(0.01), "decay_on": which}
        yield case(f"adamw-decay-on-{which}", "adamw", options, ("torch.optim.AdamW",))
    clip = {"training.clip_norm": 10}
    yield case("adamw-clipped", "adamw", rate | {"epsilon": 0.1}, ("torch.optim.AdamW",), SCHEDULE, clip)
    warm = clip | {"training.clip_warmup": 20, "training.clip_warmup_factor": 5}
    yield case("sgd-clip-warmup", "sgd", {"learning_rate": 0.1}, torch_sgd, SCHEDULE, warm)

    rate, packages = {"learning_rate": 2**-8, "beta2": 0.99}, ("lion_pytorch.Lion", "pytorch_optimizer.Lion")
    yield from three("lion", rate, packages)
    yield case("lion-by-peak", "lion", rate | by_peak, ("lion_pytorch.Lion",), SCHEDULE)
    yield from three("signum", {"learning_rate": 2**-8}, ("pytorch_optimizer.SignSGD",))

    rate, packages = {"learning_rate": 0.003}, ("pytorch_optimizer.AdEMAMix",)
    yield from three("ademamix", rate, packages)
    ramp = rate | {"mixture_warmup": 40, "mixture": 5.0, "beta3": 0.999}
    yield case("ademamix-ramp", "ademamix", ramp, packages, SCHEDULE)


def _schedule_free():
    for rule, options in (
        ("schedule_free_sgd", {"learning_rate": 0.1}),
        ("schedule_free_adamw", {"learning_rate": 0.01, "beta2": 0.999}),
    ):
        package = "SGDScheduleFree" if rule == "schedule_free_sgd" else "AdamWScheduleFree"
        packages = (f"schedulefree.{package}",)
        yield from three(rule, options, packages)
        powers = {"averaging_power": 2.0, "averaging_rate_power": 1.0}
        yield case(f"{rule}-powers", rule, options | powers, packages, SCHEDULE)


def _shared_moments():
    packages = ("torch.optim.Adafactor",)
    yield from three("adafactor", {"learning_rate": 0.01}, packages)
    options = {"learning_rate": 0.5, "clip_threshold": 1.5, "decay_rate": 0.5, "epsilon_scale": 0.5}
    yield case("adafactor-options", "adafactor", options, packages)

    rate = {"learning_rate": 0.01}
    yield from three("adafactor_momentum", rate, seed=("AdafactorW", {}))
    rows = rate | {"rows_only": True, "weight_decay": steady(0.01)}
    yield case("adafactor_momentum-rows", "adafactor_momentum", rows, seed=("AdafactorW", {"neuron_only": True}))
    yield from three("adalayer", rate, seed=("AdalayerW", {"att_correction": True}))
    yield from three("adalayer_rows", rate)
    yield case("adalayer-whole", "adalayer", rate | {"split_qkv": False}, seed=("AdalayerW", {}))
    last = {"groups.output.name": "adalayer_rows"}
    both = {"att_correction": True, "lastlayer_correction": True}
    yield case("adalayer-last", "adalayer", rate | last, schedule=SCHEDULE, seed=("AdalayerW", both))
    first = last | {"groups.embedding.name": "adalayer_rows"}
    three_corrections = both | {"firstlayer_correction": True}
    options = rate | first | {"weight_decay": steady(0.01)}
    yield case("adalayer-first-last", "adalayer", options, seed=("AdalayerW", three_corrections))
    fixed = {"groups.norm.name": "none"}
    original = ("AdalayerW", {"att_correction": True, "no_norm_training": True})
    yield case("adalayer-without-norms", "adalayer", rate | fixed, seed=original)


def _hybrids():
    base = {"learning_rate": 0.1, "weight_decay": 0.01}
    base |= {"groups.norm.learning_rate": 0.01, "groups.output.learning_rate": 0.02}
    layers = {"groups.norm.name": "adalayer", "groups.output.name": "adalayer_rows"}
    original = ("AdalayerWLast", {"lastlayer_correction": True, "update_norm": True})
    yield case("sgd+adalayer", "ema_sgd", base | layers, schedule=SCHEDULE, seed=original)
    factors = {"groups.norm.name": "adafactor_momentum", "groups.output.name": "adafactor_momentum"}
    original = ("AdafactorWLast", {"neuron_only": False, "update_last": True, "update_norm": True})
    yield case("sgd+adafactor", "ema_sgd", base | factors, schedule=SCHEDULE, seed=original)
    yield case("sgd+none", "ema_sgd", base, schedule=SCHEDULE, seed=("AdalayerWLast", {}))

    rates = {"learning_rate": 0.03, "groups.output.learning_rate": 0.01, "groups.norm.learning_rate": 0.005}
    rules = {"weight_decay": 0.1, "groups.output.name": "adamw"}
    rules |= {"groups.norm.name": "adamw", "groups.norm.weight_decay": 0.0}
    yield case("sgd+adamw", "sgd", rates | rules, ("torch.optim.SGD + torch.optim.AdamW",), SCHEDULE)
    lions = {"groups.attention.name": "lion", "groups.attention.learning_rate": 0.001, "groups.bias.name": "none"}
    packages = ("torch.optim.AdamW + lion_pytorch.Lion",)
    yield case("adamw+lion", "adamw", {"learning_rate": 0.01} | lions, packages, SCHEDULE)


def _8bit():
    rates = {"adam_8bit": 0.01, "adamw_8bit": 0.01, "lion_8bit": 2**-8}
    for (rule, rate), package in zip(rates.items(), ("Adam8bit", "AdamW8bit", "Lion8bit")):
        options = {"learning_rate": rate} | ({"beta2": 0.99} if rule == "lion_8bit" else {})
        packages = (f"bitsandbytes.{package}",)
        yield case(rule, rule, options, packages)
        decay = options | {"weight_decay": 0.1} | ({"decay_form": "decoupled"} if rule == "adam_8bit" else {})
        yield case(f"{rule}-decay-schedule", rule, decay, packages, SCHEDULE)
        yield case(f"{rule}-every-size", rule, options | {"min_8bit_size": 0}, packages)
        yield case(f"{rule}-block-2048", rule, options | {"block_size": 2048})
        # Within a block sizes differ by 2^24: codes down to the smallest and to 0, and values that keep their sign
        # there.
        yield case(f"{rule}-small-codes", rule, options | {"min_8bit_size": 0}, spread=8)
    yield case("adam_8bit-coupled", "adam_8bit", {"learning_rate": 0.01, "weight_decay": 0.125})


def _matrices():
    for scaling in ("original", "match_rms_adamw"):
        options = {"learning_rate": 0.02, "muon_scaling": scaling, "weight_decay": 0.1, "split_qkv": False}
        packages = ("torch.optim.Muon in float64", "torch.optim.Muon", "pytorch_optimizer.Muon")
        yield case(f"muon-{scaling}", "muon", options, packages, SCHEDULE, shapes=SQUARE_SHAPES)
    options = {"learning_rate": 0.02, "muon_nesterov": False, "muon_iterations": 3, "muon_momentum": 0.8}
    yield case("muon-split", "muon", options, shapes=SQUARE_SHAPES)
    in_bf16 = {"learning_rate": 0.02, "muon_precision": "bf16", "split_qkv": False}
    yield case("muon-bf16", "muon", in_bf16, ("torch.optim.Muon",), SCHEDULE, shapes=SQUARE_SHAPES)
    lions = {"groups.mlp.name": "lion", "groups.mlp.learning_rate": 0.001, "groups.embedding.name": "muon"}
    yield case("muon+lion", "muon", {"learning_rate": 0.02} | lions, schedule=SCHEDULE)

    options = {"learning_rate": 0.01, "beta1": 0.95, "max_precondition_dim": 16}
    yield case("soap", "soap", options, ("pytorch_optimizer.SOAP",), shapes=SOAP_SHAPES)
    options = options | {"weight_decay": 0.1, "precondition_frequency": 1}
    yield case("soap-every-step", "soap", options, ("pytorch_optimizer.SOAP",), SCHEDULE, shapes=SOAP_SHAPES)


def _sophia():
    options = {"learning_rate": 0.003, "weight_decay": 0.1, "beta1": 0.965, "beta2": 0.99}
    batch = {"training.batch_size": 1, "data.sequence_length": 16}
    yield case("sophia", "sophia", options, ("pytorch_optimizer.SophiaH",), SCHEDULE, batch)


def _frozen():
    corrections = {"att_correction": True, "lastlayer_correction": True, "t_freeze": 20, "update_last": False}
    goes_on = {"groups.output.name": "adalayer_primed", "groups.norm.name": "adalayer_primed"}
    for name, groups, flags in (
        ("", {}, {}),
        ("-going-on", goes_on, {"update_last": True, "update_norm": True}),
    ):
        original = ("AdalayerW", corrections | flags)
        options = {"learning_rate": 0.01} | groups
        yield case(f"adalayer-frozen{name}", "adalayer_frozen", options, schedule=FREEZE, seed=original)


def trainer_cases():
    """What `opt-trainer replay` is compared on."""
    for family in (_plain_rules, _schedule_free, _shared_moments, _hybrids, _8bit, _matrices, _sophia, _frozen):
        yield from family()
