#!/usr/bin/env python3
"""Compares two values of one key over jobs that are otherwise equal.

    optctl results SWEEP --all -o csv | python/studies/paired.py --key training.recompute_every --values 0 1 \
        --metric peak_memory_bytes --less 0.2 --relative [--where KEY=VALUE ...] [--every]
    ... | paired.py --columns val_loss val_loss_average --less 0.005

For each pair of jobs that differ in --key alone, or for each row with --columns: change = second figure - first figure, with
--relative over the first. --less X asks whether the change is below -X, --more X whether it is above X. The answer is yes
if the mean change passes in a one-sided t-test at 5 % over the pairs; with --every, if each single pair passes (for
figures that do not vary from run to run). A run that did not end well counts as infinitely bad, so no mean passes with
one. Ends with 0 whatever the answer is, and with 2 if no pair was found.
"""

import argparse
import csv
import math
import statistics
import sys

from gap_closed import T95

FIGURES = {
    "job", "outcome", "step", "total_steps", "val_loss", "val_perplexity", "val_bits_per_byte", "tokens_per_second",
    "peak_memory_bytes", "train_seconds", "reason",
}  # fmt: skip


def figure_of(row, metric):
    return float(row[metric]) if row["outcome"] == "succeeded" and row.get(metric) else math.inf


def pairs(rows, key, values, metric, axes):
    """(figure at the first value, figure at the second) of jobs that agree in all other axes."""
    found = {}
    for row in rows:
        point = tuple((axis, row[axis]) for axis in axes if axis != key)
        found.setdefault(point, {})[row[key]] = figure_of(row, metric)
    return [(of[values[0]], of[values[1]]) for of in found.values() if values[0] in of and values[1] in of]


def lower_bound(changes):
    """Of the mean's one-sided 95 % interval."""
    spread = statistics.stdev(changes) / math.sqrt(len(changes)) if len(changes) > 1 else math.inf
    return statistics.fmean(changes) - T95.get(len(changes) - 1, 1.645) * spread


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key")
    parser.add_argument("--values", nargs=2)
    parser.add_argument("--columns", nargs=2)
    parser.add_argument("--metric", default="val_loss")
    parser.add_argument("--less", type=float)
    parser.add_argument("--more", type=float)
    parser.add_argument("--relative", action="store_true")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--where", action="append", default=[])
    parser.add_argument("--follow", action="append", default=[], help="axes that change together with --key")
    arguments = parser.parse_args()
    if (arguments.less is None) == (arguments.more is None):
        parser.error("give one of --less and --more")
    if (arguments.columns is None) == (arguments.key is None or arguments.values is None):
        parser.error("give --key and --values, or --columns")
    wanted = dict(text.split("=", 1) for text in arguments.where)
    rows = [row for row in csv.DictReader(sys.stdin) if all(row[key] == value for key, value in wanted.items())]
    if arguments.columns:
        first, second = arguments.columns
        found = [(figure_of(row, first), figure_of(row, second)) for row in rows]
        what = f"{first} to {second}"
    else:
        columns = list(rows[0]) if rows else []
        added = columns[columns.index("reason") :] if "reason" in columns else []  # by add_metric.py
        no_axes = FIGURES | set(arguments.follow) | {arguments.metric} | set(added)
        axes = [column for column in columns if column not in no_axes]
        if arguments.key not in columns:
            parser.error(f"no column {arguments.key}; there are {', '.join(columns)}")
        found = pairs(rows, arguments.key, arguments.values, arguments.metric, axes)
        what = f"{arguments.metric}, {arguments.key} {' to '.join(arguments.values)}"
    if not found:
        print(f"no pair of jobs for {what}", file=sys.stderr)
        return 2
    sign = -1 if arguments.more is None else 1
    threshold = arguments.less if arguments.more is None else arguments.more
    changes = [sign * (b - a) / (abs(a) if arguments.relative else 1) if math.isfinite(a + b) else -math.inf for a, b in found]
    bound = min(changes) if arguments.every else lower_bound(changes)
    scale, unit = (100, " %") if arguments.relative else (1, "")
    word = "less" if sign < 0 else "more"
    test = "every pair" if arguments.every else "mean, 95 %"
    print(
        f"{what}: {scale * statistics.fmean(changes):.4g}{unit} "
        f"{word} in {len(changes)} pairs; {test} above {scale * bound:.4g}{unit}, threshold {scale * threshold:g}{unit}: "
        f"{'yes' if bound > threshold else 'no'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
