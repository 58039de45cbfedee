"""The layer check on this tree, and proof that it (and CMake's check of the links) catches an upward arrow."""
import pathlib
import shutil
import subprocess
import tempfile
import textwrap
import unittest

import check_layers

ROOT = pathlib.Path(__file__).resolve().parents[2]


class IncludesOfThisTree(unittest.TestCase):
    def test_point_downward_only(self):
        files, problems = check_layers.check_tree(ROOT)
        self.assertGreater(files, 50, "the check looked at hardly anything")
        self.assertEqual([], problems)


class TheCheck(unittest.TestCase):
    def setUp(self):
        self.rules = check_layers.read_rules(ROOT)

    def problems(self, path, text):
        return check_layers.check_file(path, text, self.rules, allow_third_party=False)

    def test_catches_an_upward_include(self):
        found = self.problems("coordinator/engine/engine.h", '#include "coordinator/store/sqlite.h"\n')
        self.assertEqual(1, len(found))
        self.assertIn("coordinator/engine may not include coordinator/store", found[0])

    def test_catches_worker_including_coordinator(self):
        self.assertTrue(self.problems("worker/app/main.cc", '#include "coordinator/domain/job.h"\n'))

    def test_catches_torch_outside_the_trainer(self):
        self.assertTrue(self.problems("worker/engine/engine.cc", "#include <ATen/ATen.h>\n"))

    def test_catches_sql_outside_the_store(self):
        self.assertTrue(self.problems("coordinator/rpc/jobs.cc", "#include <sqlite3.h>\n"))

    def test_catches_a_clock_in_a_pure_folder(self):
        self.assertTrue(self.problems("coordinator/scheduler/plan.cc", "auto t = std::chrono::system_clock::now();\n"))

    def test_lets_a_downward_include_pass(self):
        self.assertEqual([], self.problems("coordinator/engine/engine.h", '#include "coordinator/domain/job.h"\n'))


class TheLinkCheck(unittest.TestCase):
    """cmake/layers.cmake refuses an upward link while configuring."""

    def configure(self, user, used):
        with tempfile.TemporaryDirectory() as folder:
            project = pathlib.Path(folder)
            shutil.copy(ROOT / "cmake" / "layers.cmake", project / "layers.cmake")
            (project / "CMakeLists.txt").write_text(textwrap.dedent(f"""
                cmake_minimum_required(VERSION 3.25)
                project(upward LANGUAGES NONE)
                include(layers.cmake)
                add_library(used INTERFACE)
                set_target_properties(used PROPERTIES OPTFLEET_LAYER {used})
                add_library(user INTERFACE)
                set_target_properties(user PROPERTIES OPTFLEET_LAYER {user})
                optfleet_check_layer(user used)
            """))
            return subprocess.run(["cmake", "-S", folder, "-B", f"{folder}/build"], capture_output=True, text=True)

    def test_refuses_an_upward_link(self):
        result = self.configure("spec", "coordinator/engine")
        self.assertNotEqual(0, result.returncode)
        self.assertIn("the arrow points upward", " ".join(result.stderr.split()))

    def test_lets_a_downward_link_pass(self):
        self.assertEqual(0, self.configure("coordinator/engine", "spec").returncode)


if __name__ == "__main__":
    unittest.main()
