"""A small set of configurations in which every two values of different options meet (a pairwise cover)."""

import itertools
import random


def pairs_of(case, names):
    return {((a, case[a]), (b, case[b])) for a, b in itertools.combinations(names, 2)}


def cover(options, allowed, seed=0):
    """options: {name: [values]}; allowed(case): whether a configuration makes sense, for every draw of all options.

    Returns cases that together hold every pair which any allowed case holds: greedily the best of 40 random draws, each built
    around a pair that is still missing.
    """
    choose = random.Random(seed)
    names = list(options)

    def draw(fixed):
        for _ in range(200):
            case = {name: fixed.get(name, choose.choice(options[name])) for name in names}
            if allowed(case):
                return case
        return None

    missing = []
    for a, b in itertools.combinations(names, 2):
        missing += [((a, x), (b, y)) for x in options[a] for y in options[b]]
    missing = [pair for pair in missing if draw(dict(pair)) is not None]
    cases, left = [], set(missing)
    while left:
        pair = next(pair for pair in missing if pair in left)
        candidates = [draw(dict(pair)) for _ in range(40)]
        best = max(filter(None, candidates), key=lambda case: len(pairs_of(case, names) & left))
        cases.append(best)
        left -= pairs_of(best, names)
    return cases
