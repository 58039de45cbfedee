"""Element-wise update rules in float64, each as its paper writes it; what opt-trainer and the packages are held
against.

A rule is a function (w, g, keep, s, t, lr, o) -> new w of one tensor: gradient g after clipping, keep = 1 - lr x
decoupled decay (or 1), state s, update number t from 1, learning rate lr of the step and options o, named as the keys
of a spec. A state that was never set is 0. Nothing here is written for speed and nothing is shared with the C++ code.
"""

import numpy as np


class State:
    """Names to arrays; 0 where nothing was set."""

    def __getattr__(self, name):
        return 0.0


def note_sign(s, u, size):
    """Remembers how near to 0 the argument of a sign came, relative to `size`: the average of the magnitudes that u
    averages."""
    nearness = np.abs(u) / size
    s.nearest_sign = np.minimum(s.nearest_sign, nearness) if "nearest_sign" in vars(s) else nearness


def sgd(w, g, keep, s, t, lr, o):
    """torch.optim.SGD. Nesterov: Sutskever et al. 2013."""
    s.b = g if t == 1 or o.momentum == 0 else o.momentum * s.b + (1 - o.dampening) * g
    return keep * w - lr * (g + o.momentum * s.b if o.nesterov else s.b)


def ema_sgd(w, g, keep, s, t, lr, o):
    """SGD along the bias-corrected average gradient: the part without adaptive scales of the hybrids of arXiv
    2407.07972."""
    s.m = o.momentum * s.m + (1 - o.momentum) * g
    return keep * w - lr * s.m / (1 - o.momentum**t)


def adam(w, g, keep, s, t, lr, o):
    """Kingma and Ba, arXiv 1412.6980, algorithm 1; with decoupled decay (keep < 1) AdamW, arXiv 1711.05101, algorithm
    2."""
    s.m = o.beta1 * s.m + (1 - o.beta1) * g
    s.v = o.beta2 * s.v + (1 - o.beta2) * g**2
    m_hat, v_hat = s.m / (1 - o.beta1**t), s.v / (1 - o.beta2**t)
    return keep * w - lr * m_hat / (np.sqrt(v_hat) + o.epsilon)


def lion(w, g, keep, s, t, lr, o):
    """Chen et al., arXiv 2302.06675, algorithm 2."""
    u = o.beta1 * s.m + (1 - o.beta1) * g
    note_sign(s, u, o.beta1 * s.size + (1 - o.beta1) * np.abs(g))
    s.m = o.beta2 * s.m + (1 - o.beta2) * g
    s.size = o.beta2 * s.size + (1 - o.beta2) * np.abs(g)
    return keep * w - lr * np.sign(u)


def signum(w, g, keep, s, t, lr, o):
    """Bernstein et al., arXiv 1802.04434, algorithm 2."""
    s.m = o.beta1 * s.m + (1 - o.beta1) * g
    s.size = o.beta1 * s.size + (1 - o.beta1) * np.abs(g)
    note_sign(s, s.m, s.size)
    return keep * w - lr * np.sign(s.m)


def ademamix(w, g, keep, s, t, lr, o):
    """Pagliardini et al., arXiv 2409.03137, algorithm 1; over T steps alpha grows linearly and beta3 from beta1, linear
    in half-life."""
    share = min(1.0, t / o.mixture_warmup) if o.mixture_warmup else 1.0
    half_life = (1 - share) / np.log(o.beta1) + share / np.log(o.beta3)
    beta3 = np.exp(1 / half_life)
    s.m = o.beta1 * s.m + (1 - o.beta1) * g
    s.slow = beta3 * s.slow + (1 - beta3) * g
    s.v = o.beta2 * s.v + (1 - o.beta2) * g**2
    m_hat, v_hat = s.m / (1 - o.beta1**t), s.v / (1 - o.beta2**t)
    return keep * w - lr * (m_hat + share * o.mixture * s.slow) / (np.sqrt(v_hat) + o.epsilon)


def _schedule_free(y, d, beta, s, t, lr, o):
    """Defazio et al., arXiv 2405.15682: z descends, x averages z with weights t^r x (largest rate so far)^p, gradients
    are taken at y."""
    if t == 1:
        s.x, s.z = y, y
    s.largest = max(s.largest, lr)
    weight = t**o.averaging_power * s.largest**o.averaging_rate_power
    s.total = s.total + weight
    c = weight / s.total if s.total > 0 else 0.0
    s.z = s.z - lr * d
    s.x = (1 - c) * s.x + c * s.z
    return (1 - beta) * s.z + beta * s.x


def schedule_free_sgd(y, g, keep, s, t, lr, o):
    """arXiv 2405.15682, equations 3 to 5. The decay is a part of d, taken at y."""
    return _schedule_free(y, g + o.weight_decay * y, o.momentum, s, t, lr, o)


def schedule_free_adamw(y, g, keep, s, t, lr, o):
    """arXiv 2405.15682, algorithm 1. The decay is a part of d, taken at y and not divided by the root."""
    s.v = o.beta2 * s.v + (1 - o.beta2) * g**2
    d = g / (np.sqrt(s.v / (1 - o.beta2**t)) + o.epsilon) + o.weight_decay * y
    return _schedule_free(y, d, o.beta1, s, t, lr, o)


def sophia(w, g, keep, s, t, lr, o):
    """Sophia-G: Liu et al., arXiv 2305.14342, algorithm 3. o.sampled(t) is the gradient at labels drawn from the model,
    or None."""
    sampled = o.sampled(t)
    if sampled is not None:
        s.h = o.beta2 * s.h + (1 - o.beta2) * sampled**2
    s.m = o.beta1 * s.m + (1 - o.beta1) * g
    return keep * w - lr * np.sign(s.m) * np.minimum(np.abs(s.m) / (o.rho * o.batch_tokens * s.h + 1e-15), 1)


def none(w, g, keep, s, t, lr, o):
    """A frozen tensor: no update and no decay."""
    return w
