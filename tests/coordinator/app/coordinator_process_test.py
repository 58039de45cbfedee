#!/usr/bin/env python3
"""opt-coordinator as a process: serves, stops, survives kill -9 with everything that it acknowledged.

    coordinator_process_test.py OPT_COORDINATOR
"""
import os
import pathlib
import signal
import stat
import subprocess
import sys
import threading
import unittest

from coordinator_process import CoordinatorTest, Refused, SmallDisk


class Process(CoordinatorTest):
    def test_it_serves_and_ends_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number.name):
                process = self.start()
                self.assertTrue((self.state / "endpoint.json").exists())
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=30), 0)
                self.assertFalse((self.state / "endpoint.json").exists())
        self.assertEqual(stat.S_IMODE(self.state.stat().st_mode), 0o700)

    def test_what_was_acknowledged_survives_kill_9(self):
        acknowledged = set()
        for start in range(3):
            process = self.start()
            self.assertEqual(set(self.sweeps()), acknowledged)

            def submit_until_killed(first):
                for number in range(first, first + 1000):
                    try:
                        acknowledged.add(self.submit(f"s{number}")["name"])
                    except (OSError, Refused):
                        return
            thread = threading.Thread(target=submit_until_killed, args=(start * 1000,))
            thread.start()
            before = len(acknowledged)
            self.wait_until(lambda: len(acknowledged) >= before + 3)
            process.kill()
            process.wait()
            thread.join()
            # A sweep whose answer was cut off may exist, too: the same request finds it or makes it, never twice.
            self.start_again_and_repeat(acknowledged, start * 1000)

    def start_again_and_repeat(self, acknowledged, first):
        process = self.start()
        numbers = [int(name.removeprefix("sweeps/s")) for name in acknowledged]
        cut_off = max([number for number in numbers if number >= first]) + 1
        acknowledged.add(self.submit(f"s{cut_off}")["name"])
        self.assertEqual(set(self.sweeps()), acknowledged)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 0)

    def test_hang_up_switches_the_log_level(self):
        process = self.start("--log-json")
        log = self.folder / "log"
        for level in ("debug", "as started"):
            process.send_signal(signal.SIGHUP)
            self.wait_until(lambda: f'"{level}"' in log.read_text())
        self.assertIn('"coordinator.serving"', log.read_text())

    def test_it_ends_with_its_parent(self):
        script = 'trap "" TERM; "$@" & echo $!; read line'
        parent = subprocess.Popen(["sh", "-c", script, "sh", *self.command("--parent-death", "--log-file", str(self.folder / "log"))],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            pid = int(parent.stdout.readline())
            self.wait_until((self.state / "endpoint.json").exists)
        finally:
            parent.kill()
            parent.wait()
            parent.stdin.close()
            parent.stdout.close()

        def gone():
            try:
                return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
            except OSError:
                return True
        self.wait_until(gone)
        self.wait_until(lambda: not (self.state / "endpoint.json").exists())

    def test_a_full_disk_ends_it_and_loses_nothing(self):
        disk = SmallDisk(self, megabytes=8)
        state, seen = disk.inside / "state", disk.outside / "state"
        process = self.start(wrapper=disk.wrapper, state=state, seen_at=seen)
        acknowledged = {self.submit("before")["name"]}
        disk.fill(leave_bytes=256 << 10)

        with self.assertRaises((Refused, OSError)) as refused:
            for number in range(1000):
                acknowledged.add(self.submit(f"s{number}")["name"])

        _, text = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1, text)
        self.assertEqual(len(text.splitlines()), 1, text)
        self.assertIn("full", text)
        if isinstance(refused.exception, Refused):
            self.assertIn("unavailable", str(refused.exception))
        disk.free()
        self.start(wrapper=disk.wrapper, state=state, seen_at=seen)
        self.assertEqual(set(self.sweeps()), acknowledged)


if __name__ == "__main__":
    CoordinatorTest.program = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
