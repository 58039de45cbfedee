"""Weights and gradients for the parity of update rules, made from integers, so that anyone can repeat them in any
language.

The generator is x <- (6364136223846793005 x + 1442695040888963407) mod 2^64 from x = 1, and the number taken from each
new x is (2 (x >> 54) - 1023) / 1024: an odd multiple of 1/1024 between -1 and 1. One stream gives the weights, tensor
by tensor in the order of SHAPES, then the gradients, step by step in the same order. A weight is the sum of three
numbers (of three passes over its tensor) / 4: near to normal, as weights are. A gradient is multiplied by powers of
two: 2^-(spread x (row mod 4)), so that rows differ in size, and 2^(floor(step / 16) mod 3), so that its size changes
while averages run. All these values are exact in fp32.

Nothing is exactly zero where a rule takes a sign or divides by a root. Weight and gradient are odd multiples of powers
of two, so their sum with a decay of 1/8 is not zero. An average of gradients with decimal betas is not: over the common
denominator the first step's term is odd (9^k x odd for 0.9, 99^k x odd for 0.99) and all later ones are even.
"""

import functools
import math

import numpy as np

STEPS = 60
STEPS_OUT = (1, 2, 10, 60)

# Vector, matrix, fused projection and more than 10,000 rows; named as in the trainer's model, from which `opt-trainer
# replay` takes their roles.
SHAPES = {
    "final_norm.weight": (7,),
    "blocks.0.mlp.up.weight": (16, 12),
    "blocks.0.mlp.up.bias": (16,),
    "blocks.0.attention.qkv.weight": (48, 16),
    "token_embedding.weight": (10007, 2),
    "output.weight": (10007, 2),
}
# SOAP and Newton-Schulz at full rank too: a rectangle's smaller Gram matrix is regular, its larger one is not.
SQUARE_SHAPES = {"blocks.0.mlp.square.weight": (16, 16)} | SHAPES

_MULTIPLIER, _INCREMENT = np.uint64(6364136223846793005), np.uint64(1442695040888963407)


class _Stream:
    def __init__(self):
        self._last = np.uint64(1)

    def take(self, shape):
        """x after n steps is a^n x + c (1 + a + ... + a^(n-1)), modulo 2^64."""
        count = math.prod(shape)
        powers = np.cumprod(np.full(count, _MULTIPLIER, np.uint64))
        sums = np.cumsum(np.concatenate([np.ones(1, np.uint64), powers[:-1]]))
        numbers = powers * self._last + _INCREMENT * sums
        self._last = numbers[-1]
        return ((2 * (numbers >> np.uint64(54)).astype(np.int64) - 1023) / 1024).reshape(shape)


def make(shapes, spread=1):
    """(weights by name, [gradients by name of step 1, of step 2, ...]), fp64 arrays that are not to be changed."""
    return _make(tuple(shapes.items()), spread)


@functools.cache
def _make(items, spread):
    shapes = dict(items)
    stream = _Stream()
    weights = {name: sum(stream.take(shape) for _ in range(3)) / 4 for name, shape in shapes.items()}
    gradients = []
    for step in range(1, STEPS + 1):
        gradients.append({name: stream.take(shape) * _sizes(shape, step, spread) for name, shape in shapes.items()})
    return weights, gradients


def _sizes(shape, step, spread):
    rows = 0.5 ** (spread * np.arange(shape[0]) % (4 * spread)).reshape((-1,) + (1,) * (len(shape) - 1))
    return 2.0 ** (step // 16 % 3) * rows


def role_of(name):
    """Role of a tensor that is named as in the trainer's model."""
    marks = {"embedding": "token_embedding", "output": "output.weight", "norm": "norm", "bias": ".bias"}
    for role, mark in marks.items():
        if mark in name:
            return role
    return "attention" if "attention" in name else "mlp"
