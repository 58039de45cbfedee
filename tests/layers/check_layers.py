#!/usr/bin/env python3
"""Reads every include of the tree and fails where an arrow points upward (docs/architecture.md, the one dependency rule).

    check_layers.py [ROOT]

The allowed arrows are those of cmake/layers.cmake, which checks the links; this checks the includes. It also holds two
more promises: each third-party library has one owner, and the pure folders name no clock, thread, socket, file, random
source, SQL or wire type. Prints one line per violation and exits with their number (at most 100).
"""
import pathlib
import re
import sys

SOURCE_SUFFIXES = {".cc", ".h", ".cu", ".cuh"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# Header prefix -> folders or files that may include it.
OWNERS = {
    "sqlite3.h": ["coordinator/store"],
    "yaml-cpp/": ["common/yaml"],
    "nlohmann/": ["common/json.h"],
    "spdlog/": ["common/log.cc"],
    "tl/": ["common/result.h"],
    "grpcpp/": ["coordinator/rpc", "coordinator/app", "worker/rpc", "optctl/commands"],
    "optfleet/v1/": ["coordinator/rpc", "worker/rpc", "optctl/commands"],
    "google/": ["coordinator/rpc", "worker/rpc", "optctl/commands"],
    "boost/crc.hpp": ["common"],
    "boost/": ["coordinator/http", "coordinator/rpc", "coordinator/app", "worker/app", "worker/rpc", "worker/process"],
    "prometheus/": ["coordinator/http", "coordinator/app", "worker/app"],
    "CLI/": ["coordinator/app", "worker/app", "optctl/commands", "trainer_core/app"],
    "torch/": ["trainer_core"],
    "ATen/": ["trainer_core"],
    "c10/": ["trainer_core"],
    "nccl.h": ["trainer_core"],
}
PURE = ["spec", "sweeps", "coordinator/domain", "coordinator/scheduler", "coordinator/engine", "worker/engine"]
IMPURE_HEADERS = {"thread", "mutex", "condition_variable", "future", "fstream", "iostream", "cstdio", "filesystem",
                  "random", "sys/socket.h", "unistd.h", "fcntl.h", "ctime", "time.h", "atomic", "common/log.h"}
IMPURE_WORDS = re.compile(r"(system_clock|steady_clock|high_resolution_clock)::now|random_device|\bstd::rand\b|\bgetenv\b")


def read_rules(root: pathlib.Path) -> dict[str, set[str]]:
    """Folder -> folders it may use, from cmake/layers.cmake (one variable may name another)."""
    text = (root / "cmake" / "layers.cmake").read_text()
    text = re.sub(r"#.*", "", text)
    rules: dict[str, set[str]] = {}
    for name, value in re.findall(r"set\(OPTFLEET_MAY_USE_(\S+)\s+([^)]*)\)", text):
        folders: set[str] = set()
        for word in value.replace('"', " ").split():
            reference = re.fullmatch(r"\$\{OPTFLEET_MAY_USE_(.+)\}", word)
            folders |= rules[reference.group(1)] if reference else {word}
        rules[name] = folders
    return rules


def layer_of(path: str, rules: dict[str, set[str]]) -> str | None:
    fitting = [folder for folder in rules if path == folder or path.startswith(folder + "/")]
    return max(fitting, key=len) if fitting else None


def under(path: str, places: list[str]) -> bool:
    return any(path == place or path.startswith(place + "/") or path.startswith(place + ".") for place in places)


def check_file(path: str, text: str, rules: dict[str, set[str]], allow_third_party: bool) -> list[str]:
    problems = []
    layer = layer_of(path, rules)
    pure = under(path, PURE)
    for match in INCLUDE.finditer(text):
        quote, target = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        place = f"{path}:{line}"
        used = layer_of(target, rules) if quote == '"' else None
        if layer and used and used != layer and used not in rules[layer]:
            problems.append(f"{place}: {layer} may not include {used} ({target}): the arrow points upward")
        owner = max((prefix for prefix in OWNERS if target.startswith(prefix)), key=len, default=None)
        if owner and not allow_third_party and not under(path, OWNERS[owner]):
            problems.append(f"{place}: {target} belongs to {' and '.join(OWNERS[owner])}")
        if pure and target in IMPURE_HEADERS:
            problems.append(f"{place}: {layer} is pure and may not include {target}")
    if pure:
        for match in IMPURE_WORDS.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            problems.append(f"{path}:{line}: {layer} is pure and may not use {match.group(0)}")
    return problems


def check_tree(root: pathlib.Path) -> tuple[int, list[str]]:
    rules = read_rules(root)
    tops = sorted({folder.split("/")[0] for folder in rules})
    files, problems = 0, []
    for top in tops + ["tests"]:
        for file in sorted((root / top).rglob("*")):
            if file.suffix not in SOURCE_SUFFIXES:
                continue
            files += 1
            path = file.relative_to(root).as_posix()
            if top != "tests" and layer_of(path, rules) is None:
                problems.append(f"{path}: this folder is not in cmake/layers.cmake")
            problems += check_file(path, file.read_text(), rules, allow_third_party=top == "tests")
    return files, problems


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files, problems = check_tree(root)
    for problem in problems:
        print(problem)
    print(f"{files} files, {len(problems)} violations")
    return min(len(problems), 100)


if __name__ == "__main__":
    sys.exit(main())
