"""Compares the update rules of `opt-trainer replay` with float64 references and with other people's packages over 60
steps.

    rule_parity.py --trainer build/release/bin/opt-trainer [--rule NAME] [--case NAME]
    rule_parity.py --references      the references against the packages alone: the test of the test
    rule_parity.py --trainer ... --list      the cases, and what the trainer says to each

Cases are in rule_cases.py, tolerances and their reasons in rule_compare.py, references in rules_fp64*.py, inputs in
rule_inputs.py.
"""

import argparse
import pathlib
import sys
import tempfile

import torch

import rule_packages
import rule_reference
import seed_numbers
from rule_cases import trainer_cases
from rule_compare import check_power, compare
from rule_identities import IDENTITIES
from rule_inputs import STEPS_OUT, make
from rule_replay import Replay, Refused


def _reference(case, stored=None):
    weights, gradients = make(case.shapes, case.spread)
    more = {"stored": stored} if stored else {}
    return weights, rule_reference.run(case, weights, gradients, STEPS_OUT, **more)


def _package(case, label):
    weights, gradients = make(case.shapes, case.spread)
    return rule_packages.run(label, case, weights, gradients, rule_reference.rates(case), STEPS_OUT)


def _seed_rows(case, found, start, reference):
    """Against the kept elements of the seed study's own run."""
    kept = seed_numbers.read(case)
    sampled = {step: {name: seed_numbers.sample(found[step][name]) for name in kept[step]} for step in kept}
    start = {name: seed_numbers.sample(w) for name, w in start.items()}
    return compare(case, "optimizers-llm", sampled, kept, start, {})


def rows_of_trainer(replay, case):
    weights, reference = _reference(case)
    found = replay.run(case)
    yield from check_power(case, reference, weights)
    yield from compare(case, "float64", found, reference.steps, weights, reference.nearest_sign)
    for label in case.packages:
        expected = _package(case, label)
        other = "8bit" in label
        yield from compare(case, label, found, expected, weights, reference.nearest_sign, other_quantiser=other)
    if case.seed:
        yield from _seed_rows(case, found, weights, reference)


def rows_of_reference(case):
    """Each package against the float64 reference; bitsandbytes with its own quantiser on both sides."""
    weights, reference = _reference(case)
    yield from check_power(case, reference, weights)
    for label in case.packages:
        expected = _reference(case, rule_packages.stored_by_bitsandbytes)[1] if "8bit" in label else reference
        exact = "bitsandbytes" not in label and not label.endswith("Muon")
        yield from compare(case, label, _package(case, label), expected.steps, weights, reference.nearest_sign, exact)
    if case.seed:
        yield from _seed_rows(case, reference.steps, weights, reference)


def show(rows):
    """Prints rows as they come; True if all are good and there are some."""
    print(f"     {'case':34} {'against':38} {'measure':15} {'found':>8} {'allowed':>8}")
    count = failed = 0
    for row in rows:
        count += 1
        failed += not row.good
        mark = "ok  " if row.good else "FAIL"
        print(f"{mark} {row.case:34} {row.against:38} {row.what:15} {row.found:8.1e} {row.allowed:8.1e}", flush=True)
    print(f"{count - failed} of {count} comparisons good")
    return count > 0 and failed == 0


def trainer_rows(replay, cases, identities):
    for case in cases:
        try:
            yield from rows_of_trainer(replay, case)
        except Refused as refused:
            yield refused.row(case.name)
    for identity in identities:
        try:
            yield from identity(replay)
        except Refused as refused:
            yield refused.row(identity.__name__)


def list_cases(replay):
    for case in trainer_cases():
        answer = replay.refusal(case) or "known"
        print(f"{case.name:34} {', '.join(sorted(case.rules)):38} {answer}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer")
    parser.add_argument("--references", action="store_true")
    parser.add_argument("--rule", help="only cases in which some tensor has this rule, and no identities")
    parser.add_argument("--case", help="only this case or identity")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if not arguments.trainer and not arguments.references:
        parser.error("give --trainer or --references")
    torch.set_num_threads(1)

    def chosen(cases):
        for case in cases:
            if arguments.case in (None, case.name) and (arguments.rule is None or arguments.rule in case.rules):
                yield case

    if arguments.references:
        cases = chosen(trainer_cases())
        sys.exit(0 if show(row for case in cases for row in rows_of_reference(case)) else 1)
    with tempfile.TemporaryDirectory() as folder:
        replay = Replay(arguments.trainer, pathlib.Path(folder))
        if arguments.list:
            list_cases(replay)
            return
        identities = [i for i in IDENTITIES if arguments.rule is None and arguments.case in (None, i.__name__)]
        sys.exit(0 if show(trainer_rows(replay, chosen(trainer_cases()), identities)) else 1)


if __name__ == "__main__":
    main()
