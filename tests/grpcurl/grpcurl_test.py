#!/usr/bin/env python3
"""The API as a person with the real grpcurl meets it: reflection, health, answers, errors with details.

Descriptors of C++ reflection carry no JSON names, so grpcurl shows fields as the .proto spells them.

    grpcurl_test.py OPT_COORDINATOR GRPCURL
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

COORDINATOR, GRPCURL = sys.argv[1], sys.argv[2]
SERVICES = ["AgentService", "AttemptService", "CheckpointService", "EventService", "JobService", "MaintenanceService", "MetricService", "SweepService", "SystemService", "WorkerService"]


class Grpcurl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="optfleet-grpcurl-")
        state = pathlib.Path(cls.folder.name) / "state"
        cls.process = subprocess.Popen([COORDINATOR, "--state", state, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
                                        "--log-file", pathlib.Path(cls.folder.name) / "log"])
        endpoint = state / "endpoint.json"
        end = time.monotonic() + 30
        while not endpoint.exists():
            if cls.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the coordinator does not serve (exit code {cls.process.poll()})")
            time.sleep(0.02)
        cls.address = json.loads(endpoint.read_text())["grpc"]

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        code = cls.process.wait(timeout=30)
        cls.folder.cleanup()
        assert code == 0, f"the coordinator ended with {code} after SIGTERM"

    def grpcurl(self, *arguments, flags=()):
        return subprocess.run([GRPCURL, "-plaintext", *flags, self.address, *arguments], capture_output=True, text=True,
                              timeout=30)

    def answer(self, *arguments, flags=()):
        result = self.grpcurl(*arguments, flags=flags)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_list_shows_every_service(self):
        listed = self.answer("list").split()
        self.assertEqual(listed, sorted(["grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection",
                                         *(f"optfleet.v1.{service}" for service in SERVICES)]))

    def test_describe_knows_methods_and_messages(self):
        self.assertIn("rpc CreateSweep ( .optfleet.v1.CreateSweepRequest ) returns ( .optfleet.v1.Sweep );",
                      self.answer("describe", "optfleet.v1.SweepService"))
        self.assertIn("OUTCOME_DIVERGED = 4;", self.answer("describe", "optfleet.v1.Outcome"))

    def test_info(self):
        info = json.loads(self.answer("optfleet.v1.SystemService/GetInfo"))
        self.assertEqual(info["wire_version"], 1)
        self.assertGreater(int(info["incarnation"]), 1)
        self.assertRegex(info["http_address"], r"^127\.0\.0\.1:\d+$")

    def test_an_empty_list_is_an_empty_page(self):
        self.assertEqual(json.loads(self.answer("optfleet.v1.SweepService/ListSweeps")), {})

    def test_health_of_the_server_and_of_each_service(self):
        for service in ["", *(f"optfleet.v1.{service}" for service in SERVICES)]:
            with self.subTest(service=service):
                answer = self.answer("grpc.health.v1.Health/Check", flags=("-d", json.dumps({"service": service})))
                self.assertEqual(json.loads(answer), {"status": "SERVING"})

    def test_an_error_has_its_details(self):
        result = self.grpcurl("optfleet.v1.SweepService/GetSweep", flags=("-format-error", "-d", '{"name": "sweeps/no-such"}'))
        self.assertNotEqual(result.returncode, 0)
        error = json.loads(result.stderr)
        self.assertEqual(error["code"], 5)
        details = {detail["@type"].rsplit("/", 1)[1]: detail for detail in error["details"]}
        self.assertEqual(details["google.rpc.ErrorInfo"]["reason"], "RESOURCE_NOT_FOUND")
        self.assertEqual(details["google.rpc.ErrorInfo"]["domain"], "optfleet")
        self.assertEqual(details["google.rpc.ResourceInfo"]["resource_name"], "sweeps/no-such")

    def test_a_bad_field_is_named(self):
        result = self.grpcurl("optfleet.v1.SweepService/ListSweeps", flags=("-format-error", "-d", '{"page_size": -1}'))
        details = {detail["@type"].rsplit("/", 1)[1]: detail for detail in json.loads(result.stderr)["details"]}
        self.assertEqual(details["google.rpc.BadRequest"]["field_violations"][0]["field"], "page_size")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
