#!/usr/bin/env python3
"""deploy/setup with stand-ins for dpkg-query, npm, go and python3: each step runs once, and no step undoes another's work."""

import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# npm as it behaves with --no-save: the folder holds what the call names, and nothing else afterwards.
NPM = """#!/usr/bin/env python3
import pathlib, shutil, sys
prefix = pathlib.Path(sys.argv[sys.argv.index("--prefix") + 1]) / "node_modules"
shutil.rmtree(prefix, ignore_errors=True)
for package in (word for word in sys.argv[2:] if "@" in word[1:]):
    (prefix / package[: package.rindex("@")]).mkdir(parents=True)
"""
# pip as it behaves with --target and --upgrade: the namespace folder holds what the call names, and nothing else afterwards.
PIP = """#!/usr/bin/env python3
import pathlib, shutil, sys
if "--target" in sys.argv:
    folder = pathlib.Path(sys.argv[sys.argv.index("--target") + 1]) / "nvidia"
    if "--upgrade" in sys.argv:
        shutil.rmtree(folder, ignore_errors=True)
    for line in pathlib.Path(sys.argv[sys.argv.index("-r") + 1]).read_text().splitlines():
        if not line.startswith("#"):
            (folder / line.split("==")[0]).mkdir(parents=True)
"""
PYTHON = """#!/bin/sh
# "-m venv FOLDER" makes a folder with a pip; "make_data.py SITE OUT" writes OUT.
case "$1" in
  -m) mkdir -p "$3/bin" "$3/lib/python3.11/site-packages"; cp "$(dirname "$0")/pip" "$3/bin/pip" ;;
  *) mkdir -p "$(dirname "$3")"; echo text >"$3" ;;
esac
"""


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="optfleet-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(ROOT / "deploy", self.folder / "clone/deploy")
        self.tool("npm", NPM.replace("#!/usr/bin/env python3", "#!" + sys.executable))
        self.tool("python3", PYTHON)
        self.tool("pip", PIP.replace("#!/usr/bin/env python3", "#!" + sys.executable))
        self.tool("dpkg-query", "#!/bin/sh\nprintf installed\n")
        self.tool("go", "#!/bin/sh\n")

    def tool(self, name, text):
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def setup(self, profile):
        done = subprocess.run(["bash", "deploy/setup", profile], cwd=self.folder / "clone", capture_output=True, text=True,
                              env={"PATH": f"{self.folder}/bin:/usr/bin:/bin", "HOME": str(self.folder)})
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line for line in done.stderr.splitlines() if "installing" in line]

    def installed(self):
        deps = self.folder / "clone/.deps"
        return sorted(str(path.relative_to(deps)) for folders in ("npm*/node_modules/*", "*/nvidia/*") for path in deps.glob(folders))

    def test_each_profile_installs_once(self):
        self.assertTrue(self.setup("test"))
        self.assertEqual(self.setup("test"), [])
        self.assertEqual(self.setup("run"), [])

    def test_the_quickstart_between_two_tests_leaves_the_tests_tools(self):
        self.setup("run")
        self.setup("test")
        before = self.installed()
        self.assertTrue(any("playwright-core" in path for path in before), before)
        self.assertTrue(any("uplot" in path for path in before), before)
        shutil.rmtree(self.folder / "clone/.deps/stamps")
        self.setup("test")
        self.setup("run")
        self.assertEqual(self.installed(), before)

    def test_the_compiler_of_kernels_and_the_cuda_libraries_leave_each_other_alone(self):
        self.setup("test")
        self.assertIn("nvcc/nvidia/nvidia-cuda-nvcc", self.installed())
        self.assertFalse([path for path in self.installed() if path.startswith("cuda/")])
        self.setup("cuda")
        before = self.installed()
        self.assertIn("cuda/nvidia/nvidia-cublas", before)
        shutil.rmtree(self.folder / "clone/.deps/stamps")
        self.setup("cuda")
        self.setup("test")
        self.assertEqual(self.installed(), before)

    def test_a_step_that_fails_says_where_its_output_is_and_runs_again(self):
        self.tool("go", "#!/bin/sh\necho no such module >&2\nexit 1\n")
        done = subprocess.run(["bash", "deploy/setup", "test"], cwd=self.folder / "clone", capture_output=True, text=True,
                              env={"PATH": f"{self.folder}/bin:/usr/bin:/bin", "HOME": str(self.folder)})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no such module", done.stderr)
        self.assertIn("go failed; the whole output is in", done.stderr)
        self.tool("go", "#!/bin/sh\n")
        self.assertEqual(len(self.setup("test")), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
