"""Other people's update rules, run on the CPU on the weights and gradients of a case.

They run in float64 where the package can, so that what is seen is its arithmetic and not its rounding: bitsandbytes
computes in fp32 whatever it is given, and SOAP takes its QR decomposition in fp32. Muon computes in bf16;
"torch.optim.Muon in float64" is the same code with that rounding taken out.

Each entry of PACKAGES makes an optimizer of one tensor from the options of a case; an option that the package does not
have must not be given by a case that names the package (see _refuse).
"""

import contextlib
import io
import logging
import os
from unittest import mock

os.environ.setdefault("BITSANDBYTES_NOWELCOME", "1")

import torch

logging.getLogger("torch.utils.flop_counter").setLevel(logging.ERROR)
with contextlib.redirect_stderr(io.StringIO()):  # both say which accelerators are missing
    import bitsandbytes
    import lion_pytorch
    import pytorch_optimizer
    import schedulefree


def _decay(o, form="decoupled"):
    """The decay as the package wants it, which has this form."""
    if o.weight_decay == 0 or o.decay_form == form:
        return o.weight_decay
    assert (o.decay_form, form) == ("decoupled_by_peak", "decoupled"), f"{o.name}: no decay of the form {o.decay_form}"
    return o.weight_decay / o.learning_rate


def _common(o, form="decoupled"):
    return {"lr": o.learning_rate, "weight_decay": _decay(o, form)}


def _moments(o):
    return {"betas": (o.beta1, o.beta2), "eps": o.epsilon}


def _sgd(p, o):
    return torch.optim.SGD(p, momentum=o.momentum, dampening=o.dampening, nesterov=o.nesterov, **_common(o, "coupled"))


def _sgdw(p, o):
    options = {"momentum": o.momentum, "dampening": o.dampening, "nesterov": o.nesterov}
    return pytorch_optimizer.SGDW(p, weight_decouple=True, **options, **_common(o))


def _lion_by_peak(p, o):
    """lion_pytorch has the form by peak itself."""
    by_peak = o.decay_form == "decoupled_by_peak"
    options = {"lr": o.learning_rate, "weight_decay": o.weight_decay if by_peak else _decay(o)}
    return lion_pytorch.Lion(p, betas=(o.beta1, o.beta2), decoupled_weight_decay=by_peak, **options)


def _ademamix(p, o):
    options = {"alpha": o.mixture, "t_alpha_beta3": o.mixture_warmup or None, "weight_decouple": True, "eps": o.epsilon}
    return pytorch_optimizer.AdEMAMix(p, betas=(o.beta1, o.beta2, o.beta3), **options, **_common(o))


def _averaging(o):
    return {"r": o.averaging_power, "weight_lr_power": o.averaging_rate_power}


def _adafactor(p, o):
    options = {"d": o.clip_threshold, "beta2_decay": -o.decay_rate, "eps": (None, o.epsilon_scale)}
    return torch.optim.Adafactor(p, **options, **_common(o))


def _8bit(make):
    def made(p, o):
        assert o.block_size == 256, "bitsandbytes has no other block on the CPU"
        options = {} if o.name == "lion_8bit" else {"eps": o.epsilon}
        return make(p, betas=(o.beta1, o.beta2), min_8bit_size=o.min_8bit_size, **options, **_common(o))

    return made


def _muon(p, o):
    if o.name == "adamw":
        return torch.optim.AdamW(p, **_moments(o), **_common(o))
    options = {"momentum": o.muon_momentum, "nesterov": o.muon_nesterov, "adjust_lr_fn": o.muon_scaling}
    return torch.optim.Muon(p, **options, **_common(o))


def _other_muon(p, o):
    group = {"params": p, "use_muon": o.name == "muon"} | _common(o)
    group |= {"betas": (o.beta1, o.beta2), "eps": o.epsilon} if o.name == "adamw" else {}
    adjusted = o.muon_scaling == "match_rms_adamw"
    return pytorch_optimizer.Muon([group], momentum=o.muon_momentum, nesterov=o.muon_nesterov, use_adjusted_lr=adjusted)


def _soap(p, o):
    options = {"precondition_frequency": o.precondition_frequency, "max_precondition_dim": o.max_precondition_dim}
    return pytorch_optimizer.SOAP(p, **options, **_moments(o), **_common(o))


class _SophiaG:
    """Sophia-G out of Sophia-H, which computes lr clamp(m / h, -p, p): p = rho x batch and lr / p, decay x p; h from
    squares that are given."""

    def __init__(self, p, o):
        self._bound = o.rho * o.batch_tokens
        self._tensor, self._sampled, self._step = p[0], o.sampled, 0
        scaled = {"lr": o.learning_rate / self._bound, "weight_decay": _decay(o) * self._bound}
        options = {"betas": (o.beta1, o.beta2), "p": self._bound, "eps": 1e-15, "update_period": 10**9}
        self._optimizer = pytorch_optimizer.SophiaH(p, **options, **scaled)
        self.param_groups = [{"lr": o.learning_rate}]

    def step(self):
        self._step += 1
        sampled = self._sampled(self._step)
        self._optimizer.param_groups[0]["lr"] = self.param_groups[0]["lr"] / self._bound
        hessian = None if sampled is None else [torch.tensor(sampled**2, dtype=self._tensor.dtype)]
        self._optimizer.step(hessian=hessian)


def stored_by_bitsandbytes(x, table, size, keeps_sign):
    """rules_fp64_8bit.stored with the quantiser that bitsandbytes has for CPUs, which looks codes up in a table, not
    always finds the nearest, and does not keep signs."""
    values = torch.tensor(table, dtype=torch.float32)
    codes, scales = torch.ops.bitsandbytes.quantize_blockwise(torch.tensor(x, dtype=torch.float32), values, size)
    return torch.ops.bitsandbytes.dequantize_blockwise(codes, scales, values, size, torch.float32).double().numpy()


# Label: (names of the rules it can run, factory).
PACKAGES = {
    "torch.optim.SGD": (("sgd",), _sgd),
    "pytorch_optimizer.SGDW": (("sgd",), _sgdw),
    "torch.optim.Adam": (("adam",), lambda p, o: torch.optim.Adam(p, **_moments(o), **_common(o, "coupled"))),
    "torch.optim.AdamW": (("adamw",), lambda p, o: torch.optim.AdamW(p, **_moments(o), **_common(o))),
    "bitsandbytes.AdamW32bit": (("adamw",), lambda p, o: bitsandbytes.optim.AdamW32bit(p, **_moments(o), **_common(o))),
    "lion_pytorch.Lion": (("lion",), _lion_by_peak),
    "pytorch_optimizer.Lion": (
        ("lion",),
        lambda p, o: pytorch_optimizer.Lion(p, betas=(o.beta1, o.beta2), **_common(o)),
    ),
    "pytorch_optimizer.SignSGD": (
        ("signum",),
        lambda p, o: pytorch_optimizer.SignSGD(p, momentum=o.beta1, **_common(o)),
    ),
    "pytorch_optimizer.AdEMAMix": (("ademamix",), _ademamix),
    "schedulefree.SGDScheduleFree": (
        ("schedule_free_sgd",),
        lambda p, o: schedulefree.SGDScheduleFree(p, momentum=o.momentum, **_averaging(o), **_common(o, "coupled")),
    ),
    "schedulefree.AdamWScheduleFree": (
        ("schedule_free_adamw",),
        lambda p, o: schedulefree.AdamWScheduleFree(p, **_moments(o), **_averaging(o), **_common(o, "coupled")),
    ),
    "torch.optim.Adafactor": (("adafactor",), _adafactor),
    "bitsandbytes.Adam8bit": (("adam_8bit",), _8bit(bitsandbytes.optim.Adam8bit)),
    "bitsandbytes.AdamW8bit": (("adamw_8bit",), _8bit(bitsandbytes.optim.AdamW8bit)),
    "bitsandbytes.Lion8bit": (("lion_8bit",), _8bit(bitsandbytes.optim.Lion8bit)),
    "torch.optim.Muon": (("muon", "adamw"), _muon),
    "torch.optim.Muon in float64": (("muon", "adamw"), _muon),
    "pytorch_optimizer.Muon": (("muon", "adamw"), _other_muon),
    "pytorch_optimizer.SOAP": (("soap",), _soap),
    "pytorch_optimizer.SophiaH": (("sophia",), _SophiaG),
}


def _optimizer(labels, tensor, options):
    """The optimizer of one tensor, from the package among `labels` that has its rule; None for a frozen one."""
    if options.name == "none":
        return None
    (factory,) = [PACKAGES[label][1] for label in labels if options.name in PACKAGES[label][0]]
    return factory([tensor], options)


def _values(tensors):
    return {name: tensor.detach().double().numpy().copy() for name, tensor in tensors.items()}


def _without_bf16(label):
    if not label.endswith("in float64"):
        return contextlib.nullcontext()
    return mock.patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone)


def run(label, case, weights, gradients, rates, steps_out):
    """{step: {name: fp64 array}} of a case by the packages of `label`. `<name>.train` is where a
    schedule-free rule takes gradients, as in `opt-trainer replay`."""
    dtype = torch.float32 if "bitsandbytes" in label else torch.float64
    tensors = {name: torch.tensor(w, dtype=dtype, requires_grad=True) for name, w in weights.items()}
    options = {name: case.options(name, gradients) for name in tensors}
    optimizers = {name: _optimizer(label.split(" + "), tensor, options[name]) for name, tensor in tensors.items()}
    optimizers = {name: optimizer for name, optimizer in optimizers.items() if optimizer}
    free = [optimizer for optimizer in optimizers.values() if hasattr(optimizer, "eval")]
    found = {}
    for step, gradient in enumerate(gradients, 1):
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(gradient[name], dtype=dtype)
        if case.clip_norm(step):
            torch.nn.utils.clip_grad_norm_(list(tensors.values()), case.clip_norm(step))
        for optimizer in free:
            optimizer.train()
        for name, optimizer in optimizers.items():
            optimizer.param_groups[0]["lr"] = rates[step - 1] * options[name].learning_rate
            with _without_bf16(label):
                optimizer.step()
        if step in steps_out:
            found[step] = {f"{name}.train": values for name, values in _values(tensors).items()} if free else {}
            for optimizer in free:
                optimizer.eval()
            found[step] |= _values(tensors)
    return found
