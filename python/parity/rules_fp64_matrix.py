"""Rules that treat a matrix as a whole, in float64; the form is that of rules_fp64.py."""

import numpy as np

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # https://kellerjordan.github.io/posts/muon/


def orthogonalised(x, steps):
    """Jordan et al. 2024: singular values of x / |x| pushed towards 1 by a quintic that does not converge (they end in
    0.7 to 1.2)."""
    a, b, c = NEWTON_SCHULZ
    y = x.T if x.shape[0] > x.shape[1] else x
    y = y / max(np.linalg.norm(y), 1e-7)
    for _ in range(steps):
        gram = y @ y.T
        y = a * y + (b * gram + c * gram @ gram) @ y
    return y.T if x.shape[0] > x.shape[1] else y


def muon(w, g, keep, s, t, lr, o):
    """Jordan et al. 2024 with Nesterov's mixture of averages, as torch.optim.Muon. Scaling `original`: sqrt(max(1, rows /
    columns)); `match_rms_adamw`: 0.2 sqrt(max(rows, columns)), arXiv 2502.16982 (the size of an AdamW step). The parts of a fused projection are matrices of their
    own with split_qkv."""
    s.b = o.muon_momentum * s.b + (1 - o.muon_momentum) * g
    u = o.muon_momentum * s.b + (1 - o.muon_momentum) * g if o.muon_nesterov else s.b
    parts = np.split(u, 3 if o.split_qkv and o.is_fused else 1)
    rows, columns = parts[0].shape
    scale = np.sqrt(max(1, rows / columns)) if o.muon_scaling == "original" else 0.2 * np.sqrt(max(rows, columns))
    return keep * w - lr * scale * np.concatenate([orthogonalised(part, o.muon_iterations) for part in parts])


def soap(w, g, keep, s, t, lr, o):
    """Vyas et al., arXiv 2409.11321, algorithm 3, as its authors' code: the first gradient only sets the bases; v is
    permuted, not rotated, when these turn; the decay follows the step. Sides longer than o.max_precondition_dim keep the
    identity."""
    sides = [side for side in range(g.ndim) if g.ndim > 1 and g.shape[side] <= o.max_precondition_dim]
    grams = {side: g @ g.T if side == 0 else g.T @ g for side in sides}
    if t == 1:
        s.gram = {side: (1 - o.beta2) * grams[side] for side in sides}
        s.basis = {side: np.linalg.eigh(s.gram[side])[1][:, ::-1] for side in sides}
        return w
    s.m = o.beta1 * s.m + (1 - o.beta1) * g
    s.v = o.beta2 * s.v + (1 - o.beta2) * _rotated(g, s.basis) ** 2
    corrected = np.sqrt(1 - o.beta2 ** (t - 1)) / (1 - o.beta1 ** (t - 1))
    u = _rotated(_rotated(s.m, s.basis) / (np.sqrt(s.v) + o.epsilon), s.basis, back=True)
    s.gram = {side: o.beta2 * s.gram[side] + (1 - o.beta2) * grams[side] for side in sides}
    if (t - 1) % o.precondition_frequency == 0:
        _turn_bases(s)
    return keep * (w - lr * corrected * u)


def _rotated(x, basis, back=False):
    for side, q in basis.items():
        turn = q if back else q.T
        x = turn @ x if side == 0 else x @ turn.T
    return x


def _turn_bases(s):
    """One step of power iteration and QR; columns are ordered by their estimated eigenvalues, and v with them."""
    for side, q in s.basis.items():
        product = s.gram[side] @ q
        order = np.argsort(-np.sum(q * product, axis=0), kind="stable")
        s.v = np.take(s.v, order, axis=side)
        s.basis[side] = np.linalg.qr(product[:, order])[0]
