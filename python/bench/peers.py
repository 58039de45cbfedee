"""The forms in which Python has each update rule: {rule: {name: parameters -> optimizer}}."""

import bitsandbytes
import lion_pytorch
import pytorch_optimizer
import schedulefree
import torch

_RATE = 1e-4


def _torch(kind, **options):
    return {
        "torch fused": lambda parameters: kind(parameters, lr=_RATE, fused=True, **options),
        "torch foreach": lambda parameters: kind(parameters, lr=_RATE, foreach=True, **options),
    }


def _schedule_free(kind):
    def make(parameters):
        optimizer = kind(parameters, lr=_RATE)
        optimizer.train()
        return optimizer

    return {"schedulefree": make}


class _Muon:
    """torch.optim.Muon for matrices and fused AdamW for the rest."""

    def __init__(self, parameters):
        self._matrices = torch.optim.Muon([p for p in parameters if p.ndim == 2], lr=_RATE)
        self._others = torch.optim.AdamW([p for p in parameters if p.ndim != 2], lr=_RATE, fused=True)

    def step(self):
        self._matrices.step()
        self._others.step()


PEERS = {
    "sgd": _torch(torch.optim.SGD, momentum=0.9),
    "adam": _torch(torch.optim.Adam),
    "adamw": _torch(torch.optim.AdamW),
    "lion": {
        "lion-pytorch": lambda parameters: lion_pytorch.Lion(parameters, lr=_RATE),
        "pytorch-optimizer": lambda parameters: pytorch_optimizer.Lion(parameters, lr=_RATE),
    },
    "signum": {"pytorch-optimizer": lambda parameters: pytorch_optimizer.SignSGD(parameters, lr=_RATE)},
    "ademamix": {"pytorch-optimizer": lambda parameters: pytorch_optimizer.AdEMAMix(parameters, lr=_RATE)},
    "schedule_free_sgd": _schedule_free(schedulefree.SGDScheduleFree),
    "schedule_free_adamw": _schedule_free(schedulefree.AdamWScheduleFree),
    "adafactor": {
        "torch foreach": lambda parameters: torch.optim.Adafactor(parameters, lr=_RATE, foreach=True),
        "torch loop": lambda parameters: torch.optim.Adafactor(parameters, lr=_RATE, foreach=False),
    },
    # It computes in bf16.
    "muon": {"torch": _Muon},
    "muon bf16": {"torch": _Muon},
    "soap": {"pytorch-optimizer": lambda parameters: pytorch_optimizer.SOAP(parameters, lr=_RATE)},
    "adam_8bit": {"bitsandbytes": lambda parameters: bitsandbytes.optim.Adam8bit(parameters, lr=_RATE)},
    "adamw_8bit": {"bitsandbytes": lambda parameters: bitsandbytes.optim.AdamW8bit(parameters, lr=_RATE)},
    "lion_8bit": {"bitsandbytes": lambda parameters: bitsandbytes.optim.Lion8bit(parameters, lr=_RATE)},
}
