"""Reads seed_numbers.json, which make_seed_numbers.py made: {case: {step: {tensor: some of its elements}}}."""

import json
import pathlib

import numpy as np

NUMBERS = pathlib.Path(__file__).with_name("seed_numbers.json")
ELEMENTS = 16
STEPS = (2, 60)


def sample(array):
    """Elements evenly spread over a tensor, all of a small one; as numbers of nine digits, which name an fp32
    exactly."""
    flat = np.asarray(array).reshape(-1)
    places = np.unique(np.linspace(0, flat.size - 1, ELEMENTS).astype(int))
    return [float(f"{flat[place]:.9g}") for place in places]


def read(case):
    """{step: {tensor: elements}} of a case."""
    steps = json.loads(NUMBERS.read_text())[case.name]
    return {int(step): {name: np.array(values) for name, values in tensors.items()} for step, tensors in steps.items()}
