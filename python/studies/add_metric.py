#!/usr/bin/env python3
"""Adds a column to a table of jobs, from the series of each job in the coordinator's metrics.db.

    optctl results SWEEP --all -o csv | python/studies/add_metric.py STATE/metrics.db --key val_loss_average
    ... | add_metric.py STATE/metrics.db --key val_loss --at 0.25 --name early_val_loss
    ... | add_metric.py STATE/metrics.db --spread 'grad_norm/blocks.%' --steps 1 100 --name gradient_spread

--key takes the last value of a metric, with --at the last one within that share of the job's steps. --spread takes
log10(largest / smallest) of all metrics whose names match (% stands for anything), at each step, and the mean over steps
that have them.
"""

import argparse
import csv
import math
import sqlite3
import statistics
import sys


def columns(database):
    return {row[1] for row in database.execute("PRAGMA table_info(series)")}


def values_of(database, job, key):
    """[(step, value)] in order of steps."""
    if key in columns(database):
        rows = database.execute(f"SELECT step, {key} FROM series WHERE job = ? AND {key} IS NOT NULL ORDER BY step", (job,))
    else:
        rows = database.execute("SELECT step, value FROM other_series WHERE job = ? AND key = ? ORDER BY step", (job, key))
    return rows.fetchall()


def last_value(database, job, key, share):
    (last_step,) = database.execute("SELECT max(step) FROM series WHERE job = ?", (job,)).fetchone()
    within = [value for step, value in values_of(database, job, key) if step <= share * last_step]
    return within[-1] if within else None


def spread(database, job, pattern, first, last):
    by_step = {}
    where = "WHERE job = ? AND key LIKE ? AND step BETWEEN ? AND ?"
    for step, value in database.execute(f"SELECT step, value FROM other_series {where}", (job, pattern, first, last)):
        by_step.setdefault(step, []).append(value)
    spreads = [math.log10(max(values) / min(values)) for values in by_step.values() if min(values) > 0]
    return statistics.fmean(spreads) if spreads else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--key")
    what.add_argument("--spread")
    parser.add_argument("--at", type=float, default=1.0)
    parser.add_argument("--steps", nargs=2, type=int, default=(1, 2**62))
    parser.add_argument("--name", help="of the column; the metric's by default")
    arguments = parser.parse_args()
    database = sqlite3.connect(f"file:{arguments.database}?mode=ro", uri=True)
    rows = csv.DictReader(sys.stdin)
    name = arguments.name or arguments.key or "spread"
    table = csv.DictWriter(sys.stdout, [*rows.fieldnames, name])
    table.writeheader()
    found = 0
    for row in rows:
        if arguments.key:
            value = last_value(database, row["job"], arguments.key, arguments.at)
        else:
            value = spread(database, row["job"], arguments.spread, *arguments.steps)
        found += value is not None
        table.writerow(row | {name: "" if value is None else value})
    if not found:
        print(f"no job has {arguments.key or arguments.spread} in {arguments.database}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
