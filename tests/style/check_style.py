#!/usr/bin/env python3
"""Style that a machine can hold: clang-format, file sizes, left-overs.

    check_style.py [ROOT]

Sizes (docs/architecture.md, House rules): a header has at most 200 lines, a source at most 400. Files that are longer are listed
below with their length; they may shrink, never grow.
"""
import pathlib
import re
import subprocess
import sys

FOLDERS = ["common", "spec", "sweeps", "coordinator", "worker", "trainer_core", "optctl", "tests"]
LIMITS = {".h": 200, ".cuh": 200, ".cc": 400, ".cu": 400, ".py": 400, ".js": 400}
LEFT_OVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# A page's line that was to be replaced by something: SCREEN_ONE.
PLACE_HOLDER = re.compile(r"^[A-Z]+(_[A-Z]+)+$", re.M)
LONGER: dict[str, int] = {}


def tracked(root: pathlib.Path, *what: str) -> list[pathlib.Path]:
    names = subprocess.run(["git", "ls-files", *what], cwd=root, capture_output=True, text=True, check=True).stdout
    return [root / name for name in names.split("\n") if name and (root / name).is_file()]


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = [file for file in tracked(root, *FOLDERS) if file.suffix in LIMITS]
    problems = []
    for file in files:
        path = file.relative_to(root).as_posix()
        text = file.read_text()
        lines = text.count("\n")
        if lines > LONGER.get(path, LIMITS[file.suffix]):
            problems.append(f"{path}: {lines} lines, {LONGER.get(path, LIMITS[file.suffix])} allowed: cut it by responsibility")
        for match in LEFT_OVERS.finditer(text) if path != "tests/style/check_style.py" else []:
            problems.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group(0)} left over")
    for page in tracked(root, "*.md"):
        text = page.read_text()
        for match in PLACE_HOLDER.finditer(text):
            problems.append(f"{page.relative_to(root).as_posix()}:{text.count(chr(10), 0, match.start()) + 1}: {match.group(0)} stands for something")
    cpp = [str(file) for file in files if file.suffix in {".h", ".cc", ".cu", ".cuh"}]
    formatted = subprocess.run(["clang-format-14", "--dry-run", "--Werror", *cpp], capture_output=True, text=True)
    problems += sorted({line.split(": error")[0] + ": not formatted (clang-format-14 -i)"
                        for line in formatted.stderr.splitlines() if ": error" in line})
    print("\n".join(problems + [f"{len(files)} files, {len(problems)} problems"]))
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
