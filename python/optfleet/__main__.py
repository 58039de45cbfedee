"""python -m optfleet COMMAND: see --help."""
import argparse
import sys

from optfleet import encode_requests, exchange
from optfleet.prepare import command as prepare


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="optfleet", description="Prepares data for training and evaluation, exchanges models with other programs.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    prepare.add_to(commands)
    exchange.add_to(commands)
    encode_requests.add_to(commands)
    chosen = parser.parse_args(arguments)
    return chosen.run(chosen)


if __name__ == "__main__":
    sys.exit(main())
