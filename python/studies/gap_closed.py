#!/usr/bin/env python3
"""Does SGD with an adaptive last layer and norms close most of the gap between SGD and AdamW?

    optctl results optimizers-lr-seeds --all -o csv | python/studies/gap_closed.py

Reads one row a job. Each line (optimizer, rule of the last layer) stands at its best rate: the one with the least mean
validation loss over seeds, where a run that did not end well counts as infinite. For each seed
closed = (loss(sgd) - loss(hybrid)) / (loss(sgd) - loss(adamw)); the answer is yes if the mean of `closed` is above 0.5 in a
one-sided t-test at 5 %. Threshold and test were written down before the first run. Ends with 0 whatever the answer is.
"""

import collections
import csv
import math
import statistics
import sys

THRESHOLD = 0.5
# Student's t, 95th percentile, by degrees of freedom (Abramowitz and Stegun 1964, table 26.10).
T95 = {1: 6.314, 2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833, 10: 1.812}


def line_of(row):
    last = row.get("optimizer.groups.output.name", "inherit")
    return row["optimizer.name"] + ("" if last in ("", "inherit") or row["optimizer.name"] == "adalayer" else " + " + last)


def best_by_line(rows):
    """{line: (rate, {seed: loss})} at the rate with the least mean loss."""
    losses = collections.defaultdict(lambda: collections.defaultdict(dict))
    for row in rows:
        loss = float(row["val_loss"]) if row["outcome"] == "succeeded" and row["val_loss"] else math.inf
        losses[line_of(row)][row["optimizer.learning_rate"]][row.get("training.seed", "0")] = loss
    return {line: min(rates.items(), key=lambda item: statistics.fmean(item[1].values())) for line, rates in losses.items()}


def closed_gap(best, hybrid):
    sgd, adamw, mixed = (best[name][1] for name in ("sgd", "adamw", hybrid))
    return [(sgd[seed] - mixed[seed]) / (sgd[seed] - adamw[seed]) for seed in sorted(sgd)]


def verdict(values):
    """(mean, lower bound of its one-sided 95 % interval, answer)."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, math.nan, "one seed: no test"
    lower = mean - T95[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values))
    return mean, lower, "yes" if lower > THRESHOLD else "no"


def main():
    best = best_by_line(csv.DictReader(sys.stdin))
    print(f"{'line':32} {'best lr':>9} {'val_loss':>9} {'sd':>7}  seeds")
    for line, (rate, seeds) in sorted(best.items(), key=lambda item: statistics.fmean(item[1][1].values())):
        losses = list(seeds.values())
        spread = statistics.stdev(losses) if len(losses) > 1 else math.nan
        print(f"{line:32} {rate:>9} {statistics.fmean(losses):9.4f} {spread:7.4f}  {len(losses)}")
    for hybrid in sorted(line for line in best if line.startswith("ema_sgd + ")):
        values = closed_gap(best, hybrid)
        mean, lower, answer = verdict(values)
        print(f"gap closed by {hybrid}: {mean:.2f} (95 % above {lower:.2f}; threshold {THRESHOLD}): {answer}")


if __name__ == "__main__":
    main()
