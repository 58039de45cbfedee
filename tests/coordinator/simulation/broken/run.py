#!/usr/bin/env python3
"""Shows that the simulation finds bugs: builds the product with one rule broken at a time and expects it to be caught.

    run.py BUILD_FOLDER [NAME...]     all patches, or those whose names contain one of NAME
    run.py --check                    whether all patches still apply; builds nothing

Each patch beside this script says in its head what it breaks, which invariant must be reported (`Caught-by`, alternatives
separated by |) and within how many seeds (`Seeds`, from 1 or from `First` on). The tree is never touched: a patched copy of each file is compiled with the command of
BUILD_FOLDER and linked in front of the libraries. BUILD_FOLDER must hold an up-to-date coordinator_simulation_test.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
TARGET = "coordinator_simulation_test"


class Broken:
    def __init__(self, path: pathlib.Path):
        self.path = path
        text = path.read_text()
        self.why = text.split("\n", 1)[0]
        self.invariants = re.search(r"^Caught-by: (.+)$", text, re.M).group(1).split("|")
        self.seeds = int(re.search(r"^Seeds: (\d+)$", text, re.M).group(1))
        first = re.search(r"^First: (\d+)$", text, re.M)
        self.first = int(first.group(1)) if first else 1
        self.files = re.findall(r"^\+\+\+ b/(\S+)$", text, re.M)

    def apply(self, folder: pathlib.Path) -> bool:
        for file in self.files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, folder / file)
        done = subprocess.run(["patch", "-s", "-p1", "-d", folder, "-i", self.path], capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{self.path.name}: does not apply\n{done.stdout}")
        return done.returncode == 0


def compile_command(build: pathlib.Path, file: str) -> list[str]:
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if pathlib.Path(entry["file"]) == ROOT / file:
            return [word for word in shlex.split(entry["command"]) if word != "-Werror"]
    raise SystemExit(f"{build} does not build {file}")


def link_command(build: pathlib.Path) -> list[str]:
    commands = subprocess.run(["ninja", "-C", build, "-t", "commands", TARGET], capture_output=True, text=True, check=True)
    last = [line for line in commands.stdout.splitlines() if f"-o bin/{TARGET} " in line][-1]
    return shlex.split(next(part for part in last.split(" && ") if f"-o bin/{TARGET} " in part))


def make(build: pathlib.Path, broken: Broken, folder: pathlib.Path) -> pathlib.Path | None:
    objects = []
    for number, file in enumerate(broken.files):
        command = compile_command(build, file)
        objects.append(str(folder / f"{number}.o"))
        command[command.index("-c") + 1] = str(folder / file)
        command[command.index("-o") + 1] = objects[-1]
        compiled = subprocess.run(command, cwd=build, capture_output=True, text=True)
        if compiled.returncode != 0:
            print(f"{broken.path.name}: does not compile\n{compiled.stderr[-2000:]}")
            return None
    command = link_command(build)
    program = folder / TARGET
    place = command.index("-o")
    command[place + 1] = str(program)
    command[place:place] = objects  # in front of the libraries, whose members of the same symbols are then not taken
    subprocess.run(command, cwd=build, check=True)
    return program


def is_caught(program: pathlib.Path, broken: Broken) -> bool:
    environment = dict(os.environ, OPTFLEET_FIRST_SEED=str(broken.first), OPTFLEET_SEEDS=str(broken.seeds), OPTFLEET_FAILURES="1")
    run = subprocess.run([program, "--gtest_filter=Simulation.Shard0"], env=environment, capture_output=True, text=True)
    found = re.search(r"^seed (\d+): (?:broken: ([^:]+): (.*)|the product stopped itself)", run.stdout + run.stderr, re.M)
    name = broken.path.name
    if not found:
        print(f"NOT CAUGHT  {name}: nothing in {broken.seeds} seeds from {broken.first} on")
        return False
    invariant = found.group(2) or "the product stops itself"
    good = invariant in broken.invariants
    print(f"{'caught    ' if good else 'NOT CAUGHT'}  {name}: seed {found.group(1)}, {int(found.group(1)) - broken.first + 1} of {broken.seeds}: {invariant}: {(found.group(3) or '')[:100]}",
          flush=True)
    return good


def main() -> int:
    arguments = sys.argv[1:]
    patches = [Broken(path) for path in sorted(HERE.glob("*.patch"))]
    if not arguments or not patches:
        print(__doc__)
        return 2
    build = None if arguments[0] == "--check" else pathlib.Path(arguments[0]).resolve()
    chosen = [one for one in patches if len(arguments) == 1 or any(name in one.path.name for name in arguments[1:])]
    failed = 0
    for broken in chosen:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            good = broken.apply(folder)
            if good and build:
                program = make(build, broken, folder)
                good = program is not None and is_caught(program, broken)
            failed += not good
    print(f"{len(chosen)} broken builds, {failed} {'not caught' if build else 'do not apply'}")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
