#!/usr/bin/env python3
"""optctl backup and doctor against a real opt-coordinator, and its --restore.

    coordinator_maintenance_test.py OPT_COORDINATOR OPTCTL
"""
import json
import pathlib
import sqlite3
import subprocess
import sys
import threading
import unittest

from coordinator_process import CoordinatorTest

OPTCTL = ""


class Maintenance(CoordinatorTest):
    def optctl(self, *arguments, code=0):
        result = subprocess.run([OPTCTL, "--coordinator", self.endpoint["grpc"], "--no-color", *map(str, arguments)],
                                capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout if code in (0, 1) and result.stdout else result.stderr

    def restore(self, folder, code=0):
        result = subprocess.run([self.program, "--state", str(self.state), "--restore", str(folder)],
                                capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def test_a_backup_of_a_busy_coordinator_comes_back(self):
        process = self.start()
        self.submit("first")
        stop = threading.Event()
        submitted = []

        def keep_busy():
            while not stop.is_set():
                submitted.append(self.submit(f"busy-{len(submitted)}")["name"])
        busy = threading.Thread(target=keep_busy)
        busy.start()
        self.wait_until(lambda: len(submitted) > 5)
        target = self.folder / "monday"
        before = len(submitted)
        answer = json.loads(self.optctl("backup", target, "-o", "json"))["backup"]
        after = len(submitted) + 1
        stop.set()
        busy.join()
        self.assertEqual({"state.db", "metrics.db"}, {file["name"] for file in answer["files"]})
        self.assertEqual([], list((self.state / "backups").iterdir()), "the copy was left in the state folder")
        # Whole and readable by anybody, with what was acknowledged before it began.
        copy = sqlite3.connect(f"file:{target}/state.db?mode=ro", uri=True)
        self.assertEqual("ok", copy.execute("PRAGMA integrity_check").fetchone()[0])
        sweeps, jobs = (copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("sweeps", "jobs"))
        copy.close()
        self.assertTrue(before + 1 <= sweeps <= after + 1, (before, sweeps, after))
        self.assertEqual(3 * sweeps, jobs, "a sweep is in the backup without all of its jobs")

        incarnation = int(self.call("SystemService", "GetInfo", {})["incarnation"])
        self.assertIn("exists; a backup goes into a new folder", self.optctl("backup", target, code=6))
        self.assertIn("is in use by the coordinator", self.restore(target, code=1))
        process.kill()
        process.wait()
        self.assertIn("restored", self.restore(target))
        self.start()
        self.assertEqual(sweeps, len(self.sweeps()))
        self.assertEqual(incarnation + 1, int(self.call("SystemService", "GetInfo", {})["incarnation"]))
        self.assertTrue((self.state / "state.db.replaced").exists())

    def test_a_backup_stays_with_the_coordinator_if_nobody_fetches_it(self):
        self.start()
        self.submit("first")
        text = self.optctl("backup")
        folders = list((self.state / "backups").iterdir())
        self.assertEqual(1, len(folders))
        self.assertIn(str(folders[0]), text)
        self.assertEqual({"state.db", "metrics.db"}, {path.name for path in folders[0].iterdir()} & {"state.db", "metrics.db"})

    def test_what_a_killed_process_left_of_a_backup_goes(self):
        (self.state / "backups" / "20260101-000000.making").mkdir(parents=True)
        self.start()
        self.assertEqual([], list((self.state / "backups").iterdir()))

    def findings(self, code=0):
        answer = json.loads(self.optctl("doctor", "-o", "json", code=code))["findings"]
        return {finding["subject"]: finding for finding in answer}

    def test_doctor_finds_nothing_wrong(self):
        self.start()
        self.submit("first")
        findings = self.findings()
        for subject in ("versions", "clock", "state.db", "metrics.db", "queues", "attempts"):
            self.assertEqual("ok", findings[subject]["verdict"], findings[subject])
        self.assertIn("sound", findings["state.db"]["text"])
        self.assertEqual("warning", findings["workers"]["verdict"], "there is none")
        table = self.optctl("doctor", "--quick")
        self.assertNotIn("sound", table)
        self.assertTrue(all(len(line) <= 80 for line in table.splitlines()), table)

    def test_doctor_finds_damage_and_workers_that_are_gone(self):
        self.start("--lease", "2s", "--period", "300ms")
        self.submit("first")
        process = self.processes[-1]
        process.terminate()  # so that the whole database is in its file
        process.wait()
        # Damage that no start reads: a page of the metrics.
        with open(self.state / "metrics.db", "r+b") as file:
            file.seek(4096 * 2)
            file.write(b"\x5a" * 4096)
        database = sqlite3.connect(self.state / "state.db")
        database.execute("INSERT INTO workers(id, state, slots_json, version, host, session, retired_sessions_json, last_seen) "
                         "VALUES ('gpu01', 'unreachable', '[]', '0.0.9', 'gpu01', 1, '[]', 0)")
        database.commit()
        database.close()
        try:
            self.start("--lease", "2s", "--period", "300ms")
        except AssertionError as error:
            self.assertIn("metrics.db is damaged", str(error))  # found at the start already
            return
        findings = self.findings(code=1)
        self.assertEqual("problem", findings["metrics.db"]["verdict"])
        self.assertIn("is damaged", findings["metrics.db"]["text"])
        self.assertEqual("problem", findings["workers"]["verdict"])
        self.assertIn("gpu01", findings["workers"]["text"])
        self.assertEqual("warning", findings["versions"]["verdict"])


if __name__ == "__main__":
    CoordinatorTest.program, OPTCTL = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1], verbosity=2)
