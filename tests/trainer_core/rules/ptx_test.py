#!/usr/bin/env python3
"""What nvcc makes of the update kernels, without a device: every operation on numbers is rounded once, to nearest, as on the CPU.

    ptx_test.py NVCC OPTION... -- SOURCE...

In PTX an `add.f32` without `.rn` may be merged with a product into one that rounds once less; `.ftz` and `.approx` give other numbers.
"""
import collections
import re
import subprocess
import sys

OPERATION = re.compile(r"^\s*(?:@\S+\s+)?((?:fma|mad|add|sub|mul|div|sqrt|rsqrt|rcp|ex2|lg2|sin|cos|tanh)(?:\.\w+)*\.f(?:32|64))\b", re.MULTILINE)


def is_exact(operation: str) -> bool:
    name, *modifiers = operation.split(".")
    return name in {"add", "sub", "mul", "div", "sqrt", "rcp"} and modifiers[:-1] == ["rn"]


def main() -> int:
    split = sys.argv.index("--")
    problems = 0
    for source in sys.argv[split + 1:]:
        ptx = subprocess.run([*sys.argv[1:split], "-ptx", source, "-o", "-"], capture_output=True, text=True, check=True).stdout
        found = collections.Counter(OPERATION.findall(ptx))
        wrong = {operation: count for operation, count in found.items() if not is_exact(operation)}
        packed = len(re.findall(r"\bld\.global\.v4\.(?:f32|u16|b16)\b", ptx))
        print(f"{source}: {sum(found.values())} operations, {packed} reads of four numbers, not exact: {wrong}")
        problems += bool(wrong) + (sum(found.values()) < 50) + (packed == 0)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
