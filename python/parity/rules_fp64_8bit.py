"""Rules with 8-bit states in float64; the form is that of rules_fp64.py.

Dettmers et al., arXiv 2110.02861: a state is one of 256 codes per element and one scale per block, the largest
magnitude in it. A step decodes, applies the 32-bit rule, and encodes by the nearest code: o.stored is `stored` below,
or what a package does in its place.
"""

import numpy as np

from rules_fp64 import adam, lion


def codes(signed):
    """The 256 values, ascending: in decade 10^-6 ... 10^0 the middles of 2^i (unsigned: 2^(i+1)) equal parts of [0.1,
    1]; 0; 1."""
    values = [0.0, 1.0]
    for decade in range(7):
        edges = np.linspace(0.1, 1, 2 ** (decade if signed else decade + 1) + 1)
        middles = 10.0 ** (decade - 6) * (edges[:-1] + edges[1:]) / 2
        values += [*middles, *(-middles if signed else [])]
    return np.sort(values)


SIGNED, UNSIGNED = codes(True), codes(False)


def _blocks(x, size):
    flat = x.reshape(-1)
    return np.pad(flat, (0, -len(flat) % size)).reshape(-1, size)


def stored(x, table, size, keeps_sign):
    """What is left of x once it was held in 8 bits. With keeps_sign a value below 0 does not become 0, as in
    bitsandbytes on GPUs."""
    blocks = _blocks(x, size)
    scales = np.max(np.abs(blocks), axis=1, keepdims=True)
    shares = blocks / np.where(scales == 0, 1, scales)
    nearest = np.searchsorted((table[1:] + table[:-1]) / 2, shares)
    if keeps_sign:
        nearest = np.where((shares < 0) & (table[nearest] == 0), nearest - 1, nearest)
    return (table[nearest] * scales).reshape(-1)[: x.size].reshape(x.shape)


def adam_8bit(w, g, keep, s, t, lr, o):
    new = adam(w, g, keep, s, t, lr, o)
    if g.size >= o.min_8bit_size:
        s.m = o.stored(s.m, SIGNED, o.block_size, True)
        s.v = o.stored(s.v, UNSIGNED, o.block_size, False)
    return new


def lion_8bit(w, g, keep, s, t, lr, o):
    new = lion(w, g, keep, s, t, lr, o)
    if g.size >= o.min_8bit_size:
        s.m = o.stored(s.m, SIGNED, o.block_size, True)
    return new
