#!/usr/bin/env python3
"""Curves of a sweep that has been trained, as the table that tests/sweeps/search/curves.h reads.

    record.py OPTCTL SWEEP_FILE METRICS_DB

The seconds of a step are the median over the stretches between validations, with these; of all jobs of one
optimizer, since a job's own would be what else the machine did meanwhile.
"""
import json
import sqlite3
import statistics
import subprocess
import sys

MICROSECONDS = 1e6
KEYS = ("optimizer.name", "schedule.name", "optimizer.learning_rate")


def main() -> None:
    optctl, file, metrics = sys.argv[1:]
    plan = json.loads(subprocess.run([optctl, "plan", file, "-o", "json"], capture_output=True, check=True).stdout)
    database = sqlite3.connect(f"file:{metrics}?mode=ro", uri=True)
    curves, seconds = {}, {}
    for job in plan["jobs"]:
        rows = database.execute(
            "SELECT step, time, val_loss FROM series WHERE job = ? AND (val_loss IS NOT NULL OR nan_keys LIKE '%val_loss%') "
            "ORDER BY step", (f"sweeps/{plan['name']}/jobs/{job['number']}",)).fetchall()
        point = tuple(str(job["values"][key]) for key in KEYS)
        curves[point] = {step: value for step, _, value in rows if value is not None}
        for (first, begin, _), (second, end, _) in zip(rows, rows[1:]):
            seconds.setdefault(point[0], []).append((end - begin) / MICROSECONDS / (second - first))
    steps = sorted({step for curve in curves.values() for step in curve})
    print("optimizer,schedule,learning_rate,seconds_per_step," + ",".join(map(str, steps)))
    for point, curve in curves.items():
        cells = [f"{curve[step]:.5g}" if step in curve else "" for step in steps]
        print(",".join([*point, f"{statistics.median(seconds[point[0]]):.4g}", *cells]))


if __name__ == "__main__":
    main()
