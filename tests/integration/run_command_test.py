#!/usr/bin/env python3
"""`optctl run` as a person uses it: one command, Ctrl-C, again, and no process left behind."""
import math
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

from cluster import BIN, ROOT, files_named, size_of, wait_until

SWEEP = """
name: small-run
model: {layers: 1, width: 32, heads: 2}
optimizer: {name: adamw, learning_rate: [1e-3, 1e-2, 3e-2]}
data: {path: text.txt, sequence_length: 32}
training: {batch_size: 8}
budget: {steps: %d}
evaluation: {batches: 4}
checkpoint: {every_steps: 0}
"""

# Rate by halving, then the best of it over three seeds.
STAGED = """
name: staged
model: {layers: 1, width: 32, heads: 2}
data: {path: text.txt, sequence_length: 32}
training: {batch_size: 4}
budget: {steps: 90}
evaluation: {batches: 2}
checkpoint: {every_steps: 0}
halving: {first: 10, factor: 3}
stages:
  - name: rates
    optimizer: {name: adamw, learning_rate: [1e-4, 1e-3, 1e-2, 3e-2]}
  - name: seeds
    base: best(rates)
    replicates: 3
"""


def processes_under(folder):
    """Processes of this test: those that name its folder on their command line."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if str(folder).encode() in command and state not in "ZX" and int(entry.name) != os.getpid():
            found.append((int(entry.name), command.replace(b"\0", b" ").decode()))
    return found


class RunCommand(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="optfleet-run-")
        self.folder = pathlib.Path(self.temporary.name)
        (self.folder / "text.txt").write_bytes((ROOT / "docs/run-directory.md").read_bytes() * 3)

    def tearDown(self):
        left = processes_under(self.folder)
        for pid, _ in left:
            os.kill(pid, signal.SIGKILL)
        self.temporary.cleanup()
        self.assertEqual([], left, "left behind")

    def command(self, steps, budget=None):
        text = SWEEP % steps
        if budget:
            text = text.replace("budget: {steps: %d}" % steps, f"budget: {budget}")
        (self.folder / "sweep.yaml").write_text(text)
        return [BIN / "optctl", "run", self.folder / "sweep.yaml", "--state", self.folder / "state", "--slots", "2"]

    def attempts(self):
        database = sqlite3.connect(f"file:{self.folder}/state/state.db?mode=ro", uri=True)
        try:
            return database.execute("SELECT count(*) FROM attempts").fetchone()[0]
        finally:
            database.close()

    def test_trains_reports_and_leaves_nothing_behind(self):
        began = time.monotonic()
        result = subprocess.run(self.command(60), capture_output=True, text=True, timeout=120, cwd=self.folder)
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertLess(time.monotonic() - began, 60)
        self.assertIn("best", result.stdout + result.stderr)
        reports = list(self.folder.glob("**/*.html"))
        self.assertEqual(1, len(reports), result.stdout + result.stderr)
        self.assertIn("small-run", reports[0].read_text())
        self.assertEqual([], processes_under(self.folder))

    def run_staged(self, name, kills):
        """What became of each job; the coordinator is killed so many times meanwhile."""
        (self.folder / "staged.yaml").write_text(STAGED)
        state = self.folder / name
        run = subprocess.Popen([BIN / "optctl", "run", self.folder / "staged.yaml", "--state", state, "--slots", "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.folder)
        killed = 0
        paused = -1
        while run.poll() is None and killed < kills:
            wait_until(lambda: run.poll() is not None or self.rungs(state) > paused, 60)
            paused = self.rungs(state)
            for pid, command in processes_under(state):
                if "opt-coordinator" in command and run.poll() is None:
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        output = run.communicate(timeout=200)[0]
        self.assertEqual(0, run.returncode, output)
        self.assertEqual(kills, killed, output)
        with sqlite3.connect(f"file:{state}/state.db?mode=ro", uri=True) as database:
            jobs = database.execute("SELECT number, outcome, parameters_json, step, reason FROM jobs "
                                    "ORDER BY number").fetchall()
            rungs = database.execute("SELECT job, rung, value, promoted FROM rungs ORDER BY job, rung").fetchall()
            stages = database.execute("SELECT stages_json FROM sweeps").fetchone()[0]
        return jobs, rungs, stages

    def rungs(self, state):
        try:
            with sqlite3.connect(f"file:{state}/state.db?mode=ro", uri=True) as database:
                return database.execute("SELECT count(*) FROM rungs").fetchone()[0]
        except sqlite3.Error:
            return -1

    def test_epochs_end_where_the_data_says_also_after_an_interruption(self):
        tokens = math.floor((1.0 - 0.1) * (self.folder / "text.txt").stat().st_size)
        steps = math.ceil(12 * ((tokens - 1) // 32) / 8)
        code, output = self.interrupt_and_continue([signal.SIGINT], self.command(0, "{epochs: 12}"))
        self.assertEqual(130, code, output)
        result = subprocess.run(self.command(0, "{epochs: 12}"), capture_output=True, text=True, timeout=240)
        self.assertEqual(0, result.returncode, result.stderr)
        with sqlite3.connect(f"file:{self.folder}/state/metrics.db?mode=ro", uri=True) as database:
            counts = database.execute("SELECT job, count(*), count(DISTINCT step), max(step) FROM series "
                                      "WHERE loss IS NOT NULL GROUP BY job").fetchall()
        self.assertEqual([(steps, steps, steps)] * 3, [row[1:] for row in counts])
        with sqlite3.connect(f"file:{self.folder}/state/state.db?mode=ro", uri=True) as database:
            self.assertGreater(database.execute("SELECT count(*) FROM attempts").fetchone()[0], 3, "some went on")

    def test_stages_and_rungs_come_to_the_same_whatever_becomes_of_the_coordinator(self):
        jobs, rungs, stages = self.run_staged("calm", 0)
        self.assertEqual(6, len(jobs), "four rates, and two more seeds of the best")
        self.assertIn("succeeded", [outcome for _, outcome, *_ in jobs])
        self.assertIn("stopped_early", [outcome for _, outcome, *_ in jobs])
        self.assertIn('"begun":2', stages)
        self.assertGreater(sum(promoted for *_, promoted in rungs), 2)
        jobs_killed, rungs_killed, stages_killed = self.run_staged("killed", 3)
        self.assertEqual(stages, stages_killed, "the second stage began from the same job")
        self.assertEqual([(number, point) for number, _, point, *_ in jobs], [(number, point) for number, _, point, *_ in jobs_killed])
        succeeded = lambda rows: [(number, step) for number, outcome, _, step, _ in rows if outcome == "succeeded"]
        self.assertEqual(succeeded(jobs), succeeded(jobs_killed))
        self.assertLessEqual({outcome for _, outcome, *_ in jobs_killed}, {"succeeded", "stopped_early"})
        # A job whose last records arrive late is counted at its rung behind the next one, and more may have gone on by then.
        values = {(job, rung): value for job, rung, value, _ in rungs_killed}
        self.assertLessEqual({(job, rung): value for job, rung, value, _ in rungs}.items(), values.items())

    def test_a_coordinator_that_dies_before_it_has_the_sweep_is_asked_again(self):
        state = self.folder / "state"
        run = subprocess.Popen(self.command(20), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.folder)
        # As soon as it says where it serves: before, while or after it is submitted to.
        wait_until(lambda: run.poll() is not None or (state / "endpoint.json").exists(), 60)
        killed = [os.kill(pid, signal.SIGKILL) for pid, command in processes_under(state) if "opt-coordinator" in command]
        output = run.communicate(timeout=200)[0]
        self.assertEqual(0, run.returncode, output)
        self.assertEqual(1, len(killed), output)

    def test_a_wider_sweep_trains_only_what_is_new_if_asked(self):
        subprocess.run(self.command(30), capture_output=True, timeout=120, check=True)
        wider = ["--set", "optimizer.learning_rate=[1e-3, 2e-3, 1e-2, 3e-2]", "--reuse"]
        result = subprocess.run(self.command(30) + wider, capture_output=True, text=True, timeout=120)
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertEqual(4, self.attempts(), "only the new point was trained")
        self.assertIn("3 of 4 outcomes are taken over from equal jobs of small-run", result.stdout)
        database = sqlite3.connect(f"file:{self.folder}/state/state.db?mode=ro", uri=True)
        taken_over = database.execute("SELECT new.final_json = old.final_json, new.step = old.step FROM jobs AS new JOIN jobs AS old "
                                      "ON new.reused_from = 'sweeps/' || old.sweep || '/jobs/' || old.number").fetchall()
        database.close()
        self.assertEqual([(1, 1)] * 3, taken_over)

        # The data has changed under its name: everything is trained.
        (self.folder / "text.txt").write_bytes((ROOT / "docs/run-directory.md").read_bytes() * 2)
        result = subprocess.run(self.command(30) + wider + ["--set", "name=other-data"], capture_output=True, text=True, timeout=120)
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertEqual(8, self.attempts())

    def test_second_start_of_a_finished_sweep_trains_nothing_again(self):
        subprocess.run(self.command(30), capture_output=True, timeout=120, check=True)
        attempts = self.attempts()
        again = subprocess.run(self.command(30), capture_output=True, text=True, timeout=60)
        self.assertEqual(0, again.returncode, again.stderr)
        self.assertEqual(attempts, self.attempts())

        # As an Optfleet left it whose specs had other keys.
        database = sqlite3.connect(f"{self.folder}/state/state.db")
        database.execute("UPDATE requests SET content_hash = 'of another version'")
        database.commit()
        database.close()
        refused = subprocess.run(self.command(30), capture_output=True, text=True, timeout=60)
        self.assertNotEqual(0, refused.returncode)
        self.assertIn("--again trains it anew", refused.stderr)
        self.assertEqual(attempts, self.attempts())

    def trains(self):
        return any(size_of(log) > 2000 for log in files_named(self.folder, "metrics.log"))

    def interrupt_and_continue(self, signals, command=None):
        steps = 4000
        process = subprocess.Popen(command or self.command(steps), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   start_new_session=True)
        wait_until(self.trains, 60)
        for number in signals:
            os.killpg(process.pid, number)
            time.sleep(0.3)
        output, _ = process.communicate(timeout=60)
        wait_until(lambda: not processes_under(self.folder), 15, lambda: f"{processes_under(self.folder)}\n{output}")
        return process.returncode, output

    def finish(self):
        (self.folder / "sweep.yaml").write_text(SWEEP % 4000)
        process = subprocess.run(self.command(4000), capture_output=True, text=True, timeout=240)
        self.assertEqual(0, process.returncode, process.stderr)

    def test_ctrl_c_writes_checkpoints_and_running_again_continues(self):
        code, output = self.interrupt_and_continue([signal.SIGINT])
        self.assertEqual(130, code, output)
        self.assertTrue(list(self.folder.glob("**/checkpoints/step-*/manifest.json")), output)
        self.finish()
        database = sqlite3.connect(f"file:{self.folder}/state/metrics.db?mode=ro", uri=True)
        counts = database.execute("SELECT job, count(*), count(DISTINCT step), max(step) FROM series "
                                  "WHERE loss IS NOT NULL GROUP BY job").fetchall()
        database.close()
        self.assertEqual([(4000, 4000, 4000)] * 3, [row[1:] for row in counts])
        state = sqlite3.connect(f"file:{self.folder}/state/state.db?mode=ro", uri=True)
        resumed = state.execute("SELECT count(*) FROM attempts WHERE resume_step > 0").fetchone()[0]
        state.close()
        self.assertGreater(resumed, 0, "running it again began from nothing")

    def test_second_ctrl_c_ends_everything_at_once(self):
        code, output = self.interrupt_and_continue([signal.SIGINT, signal.SIGINT])
        self.assertEqual(130, code, output)

    def test_killing_optctl_itself_leaves_nothing_behind(self):
        process = subprocess.Popen(self.command(4000), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.trains, 60)
        process.kill()
        process.wait()
        wait_until(lambda: not processes_under(self.folder), 40, lambda: str(processes_under(self.folder)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
