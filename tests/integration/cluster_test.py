#!/usr/bin/env python3
"""What the other tests of this folder look at comes and goes while they look: attempts, checkpoints, whole run directories."""
import os
import pathlib
import shutil
import tempfile
import unittest
from unittest import mock

from cluster import entries, files_named, size_of


class ThingsThatVanish(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="optfleet-cluster-")
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)

    def run_directory(self, name):
        folder = self.root / "worker" / name
        (folder / "checkpoints").mkdir(parents=True)
        (folder / "job.json").write_text("{}")
        return folder

    def test_a_folder_that_goes_while_its_parent_is_looked_through_is_passed_over(self):
        stays, goes = self.run_directory("stays"), self.run_directory("goes")
        looked_into = os.scandir

        def scandir(folder):
            if folder == str(goes):
                shutil.rmtree(goes)
            return looked_into(folder)
        with mock.patch("os.scandir", scandir):
            self.assertEqual([stays / "job.json"], files_named(self.root, "job.json"))
        self.assertFalse(goes.exists(), "the folder was never looked into, so nothing was shown")

    def test_what_does_not_exist_is_empty(self):
        self.assertEqual([], files_named(self.root / "none", "job.json"))
        self.assertEqual([], entries(self.root / "none"))
        self.assertEqual(0, size_of(self.root / "none"))

    def test_what_exists_is_named_and_measured(self):
        folder = self.run_directory("one")
        self.assertEqual(["checkpoints", "job.json"], sorted(entries(folder)))
        self.assertEqual(2, size_of(folder / "job.json"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
