"""`python -m optfleet COMMAND`: every module of MODULES adds its commands."""

import argparse
import importlib
import sys

MODULES = ["optfleet.exchange"]


def main(words=None):
    parser = argparse.ArgumentParser(prog="python -m optfleet", description="Optfleet's tools in Python")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in MODULES:
        importlib.import_module(name).add_commands(subparsers)
    arguments = parser.parse_args(words)
    try:
        return arguments.run(arguments)
    except (OSError, ValueError) as error:  # what a person can mend; anything else is a mistake of ours
        print(f"optfleet: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
