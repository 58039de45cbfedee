#!/usr/bin/env python3
"""A process per attempt that does nothing: ours beside HyperQueue and the spawn floor of the machine, in turn, as JSON lines.

    true_bench.py [--jobs N] [--rounds N] [--slots N] [--hyperqueue PYTHON] [--smoke]

Ours is the whole way: opt-coordinator with synchronous=FULL, two opt-workers, a shim and a trainer process per attempt that
writes its result.json durably (opt-true-trainer). HyperQueue (its PyPI bindings: server and two workers of one core in one
process, no journal: nothing of it is on disk) runs /bin/true; "optfleet_in_memory" is ours with its databases and run directories
below /dev/shm. The floor is posix_spawn and wait of /bin/true by two threads; "run_directories" is that of
our contract with training processes alone: folder, shim, trainer, their files and syncs, without a coordinator or a worker.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from cluster import BIN, Cluster, wait_until  # noqa: E402

WORKERS = 2
HYPERQUEUE = """
import sys, time
from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig
with LocalCluster(server_dir=sys.argv[1], worker_config=WorkerConfig(cores=1)) as cluster:
    cluster.start_worker(WorkerConfig(cores=1))
    client = cluster.client()
    job = Job()
    for _ in range(int(sys.argv[2])):
        job.program(["/bin/true"], stdout=None, stderr=None)
    begin = time.time()
    client.wait_for_jobs([client.submit(job)])
    print(time.time() - begin)
"""


def sweep_text(jobs):
    seeds = ", ".join(map(str, range(jobs)))
    return (f"name: noop\nmodel: {{layers: 1, width: 16, heads: 2}}\noptimizer: {{name: adamw, learning_rate: 1e-3}}\n"
            f"data: {{path: text.txt, sequence_length: 16}}\nbudget: {{steps: 1}}\n"
            f"training: {{batch_size: 2, seed: [{seeds}]}}\n")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ours(jobs, slots):
    with tempfile.TemporaryDirectory() as folder, Cluster(lease="60s", trainer=BIN / "opt-true-trainer") as cluster:
        (pathlib.Path(folder) / "text.txt").write_text("text " * 1000)
        (pathlib.Path(folder) / "sweep.yaml").write_text(sweep_text(jobs))
        cluster.start_coordinator()
        for number in range(WORKERS):
            cluster.start_worker(f"w{number}", "--slots", str(slots), "--threads", "1", "--log-level", "warn")
        wait_until(lambda: len(cluster.call("WorkerService", "ListWorkers", {}).get("workers", [])) == WORKERS, 30)
        cpu = cpu_seconds(cluster.coordinator.pid)
        begin = time.monotonic()
        sweep = cluster.submit(pathlib.Path(folder) / "sweep.yaml")

        def progress():
            counts = cluster.call("SweepService", "GetSweep", {"name": sweep}).get("counts", [])
            return {count["state"]: count["count"] for count in counts}
        wait_until(lambda: set(progress()) == {"succeeded"}, 600, lambda: cluster.tail("w0.log") + str(progress()))
        seconds = time.monotonic() - begin
        return {"jobs_per_second": jobs / seconds, "slots": slots,
                "coordinator_cpu_us": 1e6 * (cpu_seconds(cluster.coordinator.pid) - cpu) / jobs}


def ours_in_memory(jobs, slots):
    tempfile.tempdir = "/dev/shm"
    try:
        return ours(jobs, slots)
    finally:
        tempfile.tempdir = None


def floor(jobs, threads=2):
    def spawn(count):
        for _ in range(count):
            os.waitpid(os.posix_spawn("/bin/true", ["/bin/true"], {}), 0)
    begin = time.monotonic()
    running = [threading.Thread(target=spawn, args=(jobs // threads,)) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return {"jobs_per_second": jobs / (time.monotonic() - begin)}


def run_directories(jobs, threads):
    with tempfile.TemporaryDirectory() as folder:
        command = [BIN / "opt-run-directory-floor", folder, BIN / "opt-shim", BIN / "opt-true-trainer", jobs, threads]
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, check=True)
        return {"jobs_per_second": jobs / float(result.stdout), "threads": threads}


def hyperqueue(python, jobs):
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run([python, "-c", HYPERQUEUE, folder, str(jobs)], capture_output=True, text=True, timeout=300, check=True)
        return {"jobs_per_second": jobs / float(result.stdout.split()[-1])}


def show(who, jobs, figures):
    print(json.dumps({"bench": "processes", "who": who, "jobs": jobs, **figures, "load": os.getloadavg()[0]}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slots", type=int, default=1, help="of each of our two workers")
    parser.add_argument("--hyperqueue", help="a Python that has hyperqueue")
    parser.add_argument("--smoke", action="store_true", help="a tiny run: shows that it works")
    options = parser.parse_args()
    if options.smoke:
        options.jobs, options.rounds = 20, 1
    for _ in range(options.rounds):
        show("floor", options.jobs, floor(options.jobs))
        show("run_directories", options.jobs, run_directories(options.jobs, WORKERS * options.slots))
        show("optfleet", options.jobs, ours(options.jobs, options.slots))
        show("optfleet_in_memory", options.jobs, ours_in_memory(options.jobs, options.slots))
        if options.hyperqueue:
            show("hyperqueue", options.jobs, hyperqueue(options.hyperqueue, options.jobs))


if __name__ == "__main__":
    main()
