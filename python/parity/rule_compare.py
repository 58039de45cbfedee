"""How near two runs of a case must be, by class of rule; stated here once and never loosened without a reason written
here.

Figures are relative to the largest magnitude of a tensor where nothing else is said. Every step of STEPS_OUT and every
tensor counts; a row of the table shows the worst of them.
"""

import dataclasses

import numpy as np

# fp32 against float64 after 60 steps. A step rounds a weight two or three times, each time by up to 2^-25 of it; 60
# steps of that add up to 2e-7 (standard deviation) and among 20,014 elements the worst is four to five times off.
ELEMENT = 1e-6

# With decoupled decay other people's fp32 code multiplies a weight by 1 - rate x decay, which is a second rounding of the
# whole weight, and the factor itself is rounded to 2^-25: it differs from float64 by 1.1e-6. The trainer subtracts
# rate x decay x w with the rest and stays within ELEMENT.
DECAYED_BY_A_FACTOR = 1.5e-6

# Packages in float64 against the float64 reference: rounding of float64 with room for another order of operations.
SAME_ARITHMETIC = 1e-11

# Sign rules: equal signs wherever the argument did not come nearer to 0 at some step than DOUBT, relative to the
# average of the magnitudes in it; fp32 averages carry rounding errors of about 2^-24 / (1 - beta) = 6e-6. Of such
# elements there may only be few. Another sign shows as 1e-4 and more; below that is the rounding of weights, which for
# equal steps goes in one direction: twice 2^-25, 60 times.
SIGN = 4e-6
DOUBT = 1e-5
DOUBTFUL_SHARE = 0.005

# 8-bit rules: a state beside the border between two codes goes to the one or the other by rounding, and its element
# runs on with another state. Flips happen in 1 of 100,000 encodings (measured by the reference in fp32: up to 7 of
# 10,000 elements off after 60 steps, 2e-4 of the movement). Quantisation itself moves weights by 3e-2 (Adam) to 7e-2
# (Lion) of their movement: a wrong code book, block or rounding is far out.
FLIPPED_SHARE = 1e-3
FLIPPED_FEW = 2  # elements of a small tensor
FLIPPED_MOVEMENT = 5e-4
# bitsandbytes on a CPU does not take the nearest code for small values (rule_packages.stored_by_bitsandbytes). With its
# own quantiser the reference agrees as above, so the rule is the same; against the nearest codes this is what remains,
# relative to the movement.
OTHER_QUANTISER = {"adam_8bit": 1e-2, "adamw_8bit": 1e-2, "lion_8bit": 2.5e-2}

# Relative to the movement, which in the first step is small beside the rounding of weights. Newton-Schulz in fp32: small
# singular values grow by up to 3.4445^5 = 485, and 2^-24 with them; torch.optim.Muon, its bf16 made fp32, is 3.1e-5 from
# float64 on these inputs. In bf16, as the packages compute, 15 products, each rounded to 2^-9, come to 1.8e-2 in one
# step. SOAP: eigenvectors in fp32 are off by some 1e-7, which Adam's division by small second moments in the turned
# basis magnifies; pytorch_optimizer.SOAP in fp32 is 2.9e-5 from float64.
NEWTON_SCHULZ = 5e-5
NEWTON_SCHULZ_BF16 = 2.5e-2
SOAP = 5e-5

SIGN_RULES = ("lion", "signum", "lion_8bit")


@dataclasses.dataclass
class Row:
    """One line of the table."""

    case: str
    against: str
    what: str  # measure
    found: float
    allowed: float

    @property
    def badness(self):
        """Above 1: failed. Infinite for NaN."""
        if np.isnan(self.found):
            return np.inf
        return self.found / self.allowed if self.allowed else np.inf if self.found else 0.0

    @property
    def good(self):
        return bool(self.badness <= 1)


def _largest(difference, expected):
    size = np.max(np.abs(expected))
    return np.max(np.abs(difference)) / size if size > 0 and difference.size else np.max(np.abs(difference), initial=0)


def _movement(difference, expected, start):
    moved = np.linalg.norm(expected - start)
    return np.linalg.norm(difference) / moved if moved > 0 else np.linalg.norm(difference)


def _by_quantiser(rule, difference, expected, start, other_quantiser):
    movement = _movement(difference, expected, start)
    if other_quantiser:
        yield "movement", movement, OTHER_QUANTISER[rule]
        return
    off = np.mean(np.abs(difference) > ELEMENT * np.max(np.abs(expected)))
    yield "share off", off, max(FLIPPED_SHARE, FLIPPED_FEW / difference.size)
    yield "movement", movement, FLIPPED_MOVEMENT


def _allowed(o, by_a_factor):
    """Of the trainer or a package in fp32, where nothing flips."""
    if o.name in SIGN_RULES:
        return SIGN
    return DECAYED_BY_A_FACTOR if by_a_factor and o.weight_decay and o.decay_form != "coupled" else ELEMENT


def _measures(o, difference, expected, start, nearest_sign, exact, other_quantiser, in_bf16, by_a_factor):
    """(measure, found, allowed) of one tensor at one step."""
    if o.name.endswith("_8bit") and difference.size >= o.min_8bit_size:
        return _by_quantiser(o.name, difference, expected, start, other_quantiser)
    in_bf16 = in_bf16 or o.muon_precision == "bf16"
    if o.name == "muon" and not exact:
        return [("movement", _movement(difference, expected, start), NEWTON_SCHULZ_BF16 if in_bf16 else NEWTON_SCHULZ)]
    if o.name == "soap":
        return [("movement", _movement(difference, expected, start), SOAP)]
    doubtful = np.zeros(difference.shape, bool) if nearest_sign is None else nearest_sign < DOUBT
    allowed = SAME_ARITHMETIC if exact else _allowed(o, by_a_factor)
    return [("largest", _largest(difference[~doubtful], expected), allowed)]


def compare(case, against, found, expected, start, nearest_sign, exact=False, other_quantiser=False):
    """Rows of two runs {step: {tensor: array}} of a case, one for each measure: of all tensors and steps that which is
    nearest to its bound or farthest beyond. `exact`: both are in float64. `other_quantiser`: one is of bitsandbytes. A
    difference in what the runs hold is a failure."""
    in_bf16 = against.endswith("Muon")
    by_a_factor = against.startswith(("bitsandbytes", "optimizers-llm"))
    how = (exact, other_quantiser, in_bf16, by_a_factor)
    worst = {}
    for step, tensors in expected.items():
        if found.get(step, {}).keys() != tensors.keys():
            return [Row(case.name, against, f"tensors of step {step}", float("nan"), 0)]
        for name, values in tensors.items():
            tensor = name.removesuffix(".train")
            difference = np.asarray(found[step][name], np.float64) - values
            of_tensor = (difference, values, start[tensor], nearest_sign.get(tensor))
            for what, figure, bound in _measures(case.options(tensor), *of_tensor, *how):
                row = Row(case.name, against, what, figure, bound)
                if what not in worst or row.badness > worst[what].badness:
                    worst[what] = row
    return list(worst.values())


def check_power(case, reference, start):
    """Rows that fail where the case itself could not fail: no tensor moves, or too many signs are in doubt."""
    last = max(reference.steps)
    moving = {name: w for name, w in start.items() if case.options(name).name != "none"}
    moved = min(_largest(reference.steps[last][name] - w, w) for name, w in moving.items())
    rows = [Row(case.name, "itself", "0.01 / moved", 0.01 / moved, 1)]
    for nearest in reference.nearest_sign.values():
        share = np.sum(nearest < DOUBT) / max(nearest.size, 1 / DOUBTFUL_SHARE)  # one of a small tensor may be
        rows.append(Row(case.name, "itself", "signs in doubt", share, DOUBTFUL_SHARE))
    return rows
