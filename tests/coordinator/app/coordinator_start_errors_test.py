#!/usr/bin/env python3
"""Each reason why opt-coordinator cannot start, brought about for real: one sentence with a remedy, exit code 1, nothing changed.

    coordinator_start_errors_test.py OPT_COORDINATOR
"""
import hashlib
import os
import random
import signal
import socket
import sqlite3
import sys
import unittest

from coordinator_process import CoordinatorTest, SmallDisk


class StartErrors(CoordinatorTest):
    def a_stopped_coordinator_with_data(self):
        process = self.start()
        for number in range(5):
            self.submit(f"s{number}")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 0)

    def digest(self):
        return hashlib.sha256((self.state / "state.db").read_bytes()).hexdigest()

    def test_a_taken_port(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for option in ("--listen", "--http"):
                with self.subTest(option=option):
                    self.expect_start_to_fail(address, "another program", option, options=(option, address))
        self.assertFalse((self.state / "endpoint.json").exists())

    def test_a_folder_in_use_names_the_process(self):
        process = self.start()
        self.expect_start_to_fail("in use", str(process.pid))
        self.assertTrue(self.call("SystemService", "GetInfo", {}), "the first one was disturbed")

    def test_a_file_in_the_place_of_the_folder(self):
        self.state.write_text("not a folder")
        self.expect_start_to_fail("is not a folder", "--state")
        self.assertEqual(self.state.read_text(), "not a folder")

    def test_a_read_only_disk(self):
        disk = SmallDisk(self, megabytes=8)
        state = disk.inside / "state"
        process = self.start(wrapper=disk.wrapper, state=state, seen_at=disk.outside / "state")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 0)
        disk.remount("ro")
        self.expect_start_to_fail("read-only", "--state", wrapper=disk.wrapper, state=state)
        self.expect_start_to_fail("read-only", "--state", wrapper=disk.wrapper, state=disk.inside / "new")

    def test_a_full_disk(self):
        disk = SmallDisk(self, megabytes=4)
        disk.fill()
        self.expect_start_to_fail("full", "free", wrapper=disk.wrapper, state=disk.inside / "state")

    def test_a_disk_that_fills_up_while_the_databases_are_made(self):
        disk = SmallDisk(self, megabytes=4)
        disk.fill(leave_bytes=24 << 10)
        self.expect_start_to_fail("full", wrapper=disk.wrapper, state=disk.inside / "state")

    def test_damaged_databases_are_refused_and_left_alone(self):
        self.a_stopped_coordinator_with_data()
        path = self.state / "state.db"
        good = path.read_bytes()
        garbage = random.Random(1).randbytes(len(good))
        page = 4096
        damages = {
            "garbage": garbage,
            "truncated": good[:len(good) // 2],
            "pages overwritten": good[:page] + garbage[page:3 * page] + good[3 * page:],
            "a text file": b"hello\n" * 1000,
        }
        for name, damaged in damages.items():
            with self.subTest(damage=name):
                path.write_bytes(damaged)
                digest = self.digest()
                self.expect_start_to_fail("state.db")
                self.assertEqual(self.digest(), digest)
        path.write_bytes(good)
        self.start()
        self.assertEqual(len(self.sweeps()), 5)

    def test_a_damaged_metrics_database_is_named(self):
        self.a_stopped_coordinator_with_data()
        (self.state / "metrics.db").write_bytes(random.Random(2).randbytes(8192))
        self.expect_start_to_fail("metrics.db")

    def test_a_newer_schema(self):
        self.a_stopped_coordinator_with_data()
        for name in ("state.db", "metrics.db"):
            with self.subTest(database=name):
                database = sqlite3.connect(self.state / name)
                old = database.execute("PRAGMA user_version").fetchone()[0]
                database.execute("PRAGMA user_version = 999")
                database.close()
                self.expect_start_to_fail(name, "999", "newer")
                database = sqlite3.connect(self.state / name)
                database.execute(f"PRAGMA user_version = {old}")
                database.close()
        self.start()
        self.assertEqual(len(self.sweeps()), 5)

    def test_a_log_file_that_cannot_be_written(self):
        self.expect_start_to_fail(options=("--log-file", "/proc/no/such/log"))


if __name__ == "__main__":
    CoordinatorTest.program = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
