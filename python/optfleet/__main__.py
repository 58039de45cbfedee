"""python -m optfleet COMMAND: see --help."""
import argparse
import sys

from optfleet import exchange


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="optfleet", description="Exchanges models with other programs.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    exchange.add_to(commands)
    chosen = parser.parse_args(arguments)
    return chosen.run(chosen)


if __name__ == "__main__":
    sys.exit(main())
