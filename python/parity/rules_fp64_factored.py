"""Rules that share their second moment over rows, columns or a whole tensor, in float64; the form is that of
rules_fp64.py.

Rules of "seed study" are those of Zhao et al., arXiv 2407.07972, as their code computes them (rosieyzh/optimizers-llm,
olmo/optim.py); what that code gives on the inputs of rule_inputs.py is kept in seed_numbers.json.
"""

import numpy as np


def _rms(x):
    return np.sqrt(np.mean(x**2))


def _average(old, new, beta):
    return beta * old + (1 - beta) * new


def adafactor(w, g, keep, s, t, lr, o):
    """Shazeer and Stern, arXiv 1804.04235, algorithm 4, as torch.optim.Adafactor: no momentum, no epsilon_1, lr bounds
    the relative step."""
    beta2 = 1 - t**-o.decay_rate
    if g.ndim == 1:
        s.v = _average(s.v, g**2, beta2)
        v = s.v
    else:
        s.r = _average(s.r, np.mean(g**2, axis=1), beta2)
        s.c = _average(s.c, np.mean(g**2, axis=0), beta2)
        v = np.outer(s.r, s.c) / np.mean(s.r)
    u = g / np.sqrt(v)
    u = u / max(1.0, _rms(u) / o.clip_threshold)
    return keep * w - max(o.epsilon_scale, _rms(w)) * min(lr, 1 / np.sqrt(t)) * u


def _step(w, g, v, keep, s, t, lr, o, correction=None):
    """Adam with the given second moment; `correction` 1 where it is not an average from 0."""
    s.m = _average(s.m, g, o.beta1)
    m_hat = s.m / (1 - o.beta1**t)
    v_hat = v / (correction or 1 - o.beta2**t)
    return keep * w - lr * m_hat / (np.sqrt(v_hat) + o.epsilon)


def adafactor_momentum(w, g, keep, s, t, lr, o):
    """`adafactorw` of the seed study: AdamW over the rank-one second moment. A vector has one second moment in all."""
    if g.ndim == 1:
        s.v = _average(s.v, np.mean(g**2), o.beta2)
        v = s.v
    else:
        s.r = _average(s.r, np.mean(g**2, axis=1), o.beta2)
        s.c = _average(s.c, np.mean(g**2, axis=0), o.beta2)
        columns = np.full_like(s.c, np.mean(s.c)) if o.rows_only else s.c
        v = np.outer(s.r, columns) / np.mean(s.r)
    return _step(w, g, v, keep, s, t, lr, o)


def _mean_square(g, parts):
    """Mean of g^2 in each of so many equal parts of the rows, spread over the part."""
    means = np.mean(g.reshape(parts, -1) ** 2, axis=1)
    return np.repeat(means, g.size // parts).reshape(g.shape)


def adalayer(w, g, keep, s, t, lr, o):
    """`adalayerw` of the seed study: AdamW with one second moment a tensor; with split_qkv three in a fused
    projection."""
    s.v = _average(s.v, _mean_square(g, 3 if o.split_qkv and o.is_fused else 1), o.beta2)
    return _step(w, g, s.v, keep, s, t, lr, o)


def adalayer_rows(w, g, keep, s, t, lr, o):
    """`adalayerw` of the seed study where it corrects its first or last layer: one second moment a row. A vector has
    one in all."""
    s.v = _average(s.v, _mean_square(g, len(g) if g.ndim > 1 else 1), o.beta2)
    return _step(w, g, s.v, keep, s, t, lr, o)


def adalayer_frozen(w, g, keep, s, t, lr, o):
    """`adalayerw` with t_freeze of the seed study: the second moment is sum of mean squares / (t + 1) up to t_freeze,
    then stays, or goes on in adalayer_primed; nowhere is it corrected. The learning rate is 0
    meanwhile, which is the schedule's part."""
    parts = len(g) if o.by_rows else 3 if o.split_qkv and o.is_fused else 1
    if t <= o.t_freeze:
        s.v = _average(s.v, _mean_square(g, parts), t / (t + 1))
    elif o.name == "adalayer_primed":
        s.v = _average(s.v, _mean_square(g, parts), o.beta2)
    return _step(w, g, s.v, keep, s, t, lr, o, correction=1)
