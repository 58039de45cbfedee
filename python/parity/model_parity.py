"""Holds `opt-trainer probe` against the float64 reference: logits, loss, z-loss and every gradient.

    model_parity.py --trainer build/release/bin/opt-trainer [--case NUMBER] [--verbose]

A pairwise cover: every two values of different options meet in a case. Each case runs in fp32 and, in turn, in bf16 autocast or pure bf16.

Tolerances, of the largest element of a tensor (`difference`) or of its norm (`distance`). Those of bf16 are twice the worst that was seen:
  fp32    1e-5 by difference. Sums of up to 10^3 terms, each rounded to 6e-8, in three blocks.
  bf16    logits and losses 0.03, gradients 0.15, by distance. A value keeps 8 bits, so that each product is off by up to 2^-9, in some 30
          products on the way to a gradient, and some of them cancel. The same run must be off by more than 1e-4: else it was not bf16.
          Mixing weights of residuals 0.35: their gradients are dot products over all activations that cancel to a hundredth, which costs as
          many digits in fp32 (6e-6, 100 roundings) as in bf16 (0.18, 90 roundings). What is wrong in a formula shows in fp32.
"""

import argparse
import sys

import torch

import model_reference
from pairwise import cover
from probing import Prober, Refused, difference, distance, draw_tokens, draw_weights

FP32 = 1e-5
BF16_OUTPUTS, BF16_GRADIENTS, BF16_MIXES, BF16_AT_LEAST = 0.03, 0.15, 0.35, 1e-4

OPTIONS = {
    "model.norm": ["layernorm", "rmsnorm"],
    "model.norm_placement": ["pre", "post"],
    "model.final_norm": ["yes", "no", "auto"],
    "model.qk_norm": [False, True],
    "model.position": ["learned", "sinusoidal", "rotary", "alibi", "none"],
    "model.mlp": ["gelu", "gelu_tanh", "relu", "swiglu"],
    "model.residual": ["plain", "weighted"],
    "model.bias": [True, False],
    "model.norm_bias": ["auto", "yes", "no"],
    "model.attention_bias": ["auto", "yes", "no"],
    "model.mlp_bias": ["auto", "yes", "no"],
    "model.output_bias": ["auto", "yes"],
    "model.tie_output": [True, False],
    "model.heads": [4, 6],
    "model.kv_heads": [0, 1, 2],
    "model.attention": ["sdpa", "manual", "sdpa_math", "sdpa_flash"],
    "training.z_loss": [0, 0.01],
    "training.recompute_every": [0, 1, 2],
    "model.vocab_multiple": [1, 32],
    "precision": ["bf16", "pure_bf16", "bf16_softmax"],
}
BASE = {"model.layers": 3, "model.width": 48, "model.mlp_width": 80, "model.vocab_size": 61, "model.context": 24}


PRECISIONS = {
    "fp32": {},
    "bf16": {"training.precision": "bf16"},
    "pure_bf16": {"training.precision": "pure_bf16"},
    "bf16_softmax": {"training.precision": "bf16", "training.softmax_precision": "bf16"},
}


def allowed(case):
    if case["precision"] == "bf16_softmax" and case["model.attention"] != "manual":
        return False
    if case["model.residual"] == "weighted" and case["model.norm_placement"] == "post":
        return False
    return case["model.norm"] == "layernorm" or case["model.norm_bias"] == "auto"


# Defaults, which a config leaves out.
SILENT = {"model.bias": True, "training.recompute_every": 0, "training.z_loss": 0, "model.vocab_multiple": 1, "model.kv_heads": 0}
SILENT |= {"model.residual": "plain", "model.position": "learned", "model.mlp": "gelu", "model.norm": "layernorm"}
SILENT |= {"model.norm_placement": "pre", "model.qk_norm": False, "model.final_norm": "auto", "model.norm_bias": "auto"}
SILENT |= {"model.attention_bias": "auto", "model.mlp_bias": "auto", "model.output_bias": "auto"}


def configured(case):
    kept = {key: value for key, value in case.items() if key != "precision" and SILENT.get(key) != value}
    return BASE | kept


def spelled_out(options):
    """The model for the reference, from the options alone and not from what opt-trainer makes of them."""
    model = {"norm_epsilon": 1e-5, "rotary_base": 10000.0, "position": "learned", "mlp": "gelu", "norm": "layernorm"}
    model |= {"norm_placement": "pre", "qk_norm": False, "residual": "plain", "bias": True}
    model |= {key.removeprefix("model."): value for key, value in options.items() if key.startswith("model.")}
    by_default = {"final_norm": model["norm_placement"] == "pre", "output_bias": False}
    by_default |= {key: model["bias"] for key in ("norm_bias", "attention_bias", "mlp_bias")}
    for key, otherwise in by_default.items():
        model[key] = {"auto": otherwise, "yes": True, "no": False}[model.get(key, "auto")]
    if model["norm"] == "rmsnorm":
        model["norm_bias"] = False
    multiple = model.get("vocab_multiple", 1)
    model["rows"] = -(-model["vocab_size"] // multiple) * multiple
    return model


def compare(prober, options, precision, verbose):
    """(whether all are within bounds, one line)"""
    options = options | PRECISIONS[precision]
    model = spelled_out(options)
    config = prober.write_config(options)
    listed = model_reference.parameters(model)
    if precision == "fp32":
        theirs = [(entry["name"], tuple(entry["shape"])) for entry in prober.describe(config)["parameters"]]
        if theirs != listed:
            return False, f"its parameters are not those of the reference: {sorted(set(theirs) ^ set(listed)) or 'another order'}"
    weights = draw_weights(listed, seed=1, dtype=torch.bfloat16 if precision == "pure_bf16" else torch.float32)
    inputs, targets = draw_tokens(model["vocab_size"], sequences=3, length=17, seed=2)
    found = prober.probe(config, weights, inputs, targets)
    expected = model_reference.probe(model, weights, inputs, targets, options.get("training.z_loss", 0))
    assert set(found) == set(expected), set(found) ^ set(expected)
    measure = difference if precision == "fp32" else distance
    figures = {name: measure(found[name], expected[name]) for name in expected}
    if verbose:
        for name, figure in figures.items():
            print(f"       {name:36} {figure:.1e}")
    outputs = max(figures[name] for name in ("logits", "loss", "z_loss"))
    gradients = {name: figure for name, figure in figures.items() if name in weights}
    worst = max(gradients, key=gradients.get)
    if precision == "fp32":
        good = outputs <= FP32 and gradients[worst] <= FP32
    else:
        bounds = {name: BF16_MIXES if name.endswith("residual_mix.weight") else BF16_GRADIENTS for name in gradients}
        good = all(gradients[name] <= bounds[name] for name in gradients)
        good &= outputs <= BF16_OUTPUTS and figures["logits"] >= BF16_AT_LEAST
    return good, f"logits and losses {outputs:.1e}  gradients {gradients[worst]:.1e} ({worst})"


def all_mistakes_at_once(prober):
    """Weights and tokens that do not fit are refused in one message, and nothing is written."""
    config = prober.write_config(BASE | {"model.heads": 4})
    listed = [(entry["name"], tuple(entry["shape"])) for entry in prober.describe(config)["parameters"]]
    weights = draw_weights(listed, seed=1)
    weights["token_embedding.weights"] = weights.pop("token_embedding.weight")
    weights["final_norm.weight"] = weights["final_norm.weight"][:-1].clone()
    inputs, targets = draw_tokens(61, sequences=2, length=25, seed=2)
    inputs = inputs.clone()
    inputs[1, 3] = 61
    (prober.folder / "out.safetensors").unlink(missing_ok=True)
    try:
        prober.probe(config, weights, inputs, targets)
        said = "nothing"
    except Refused as refusal:
        said = str(refusal)
    wanted = [
        "exit code 2",
        "lacks `token_embedding.weight` [61, 48]",
        "holds `token_embedding.weights` [61, 48], which the spec's model has not; did you mean `token_embedding.weight`?",
        "`final_norm.weight` is [47], the spec's model has [48]",
        "`inputs[1][3]` is 61; tokens are whole numbers from 0 to 60",
        "a sequence has 25 inputs, more than `model.context` 24",
        "5 problems; nothing was computed",
    ]
    missing = [part for part in wanted if part not in said]
    good = not missing and not (prober.folder / "out.safetensors").exists()
    print(f"{'ok  ' if good else 'FAIL'} five mistakes in one message" + "".join(f"; not said: {part}" for part in missing))
    return good


def drops_only_when_asked(prober):
    """Dropout is off unless asked for; then it is there, in every place, and the same every time."""
    parts = ["embedding_dropout", "attention_dropout", "residual_dropout"]
    inputs, targets = draw_tokens(61, sequences=2, length=20, seed=2)
    base = BASE | {"model.heads": 4}
    plain = prober.write_config(base)
    weights = draw_weights([(e["name"], tuple(e["shape"])) for e in prober.describe(plain)["parameters"]], seed=1)
    without = prober.probe(plain, weights, inputs, targets)["logits"]
    good = True
    for part in parts:
        config = prober.write_config(base | {f"model.{part}": 0.5})
        off = prober.probe(config, weights, inputs, targets)["logits"]
        on, again = (prober.probe(config, weights, inputs, targets, "--dropout")["logits"] for _ in range(2))
        good &= torch.equal(off, without) and torch.equal(on, again) and distance(on, without) > 0.05
    print(f"{'ok  ' if good else 'FAIL'} drops only when asked")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    parser.add_argument("--case", type=int)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    prober = Prober(arguments.trainer)
    cases = cover(OPTIONS, allowed)
    failed = (not all_mistakes_at_once(prober)) + (not drops_only_when_asked(prober))
    refused, compared = [], 0
    for number, case in enumerate(cases):
        if arguments.case not in (None, number):
            continue
        options = configured(case)
        shown = " ".join(f"{key.split('.')[1]}={value}" for key, value in options.items() if key not in BASE)
        for precision in ("fp32", case["precision"]):
            try:
                good, line = compare(prober, options, precision, arguments.verbose)
            except Refused as refusal:
                refused.append((number, precision, str(refusal)))
                continue
            compared += 1
            failed += not good
            print(f"{'ok  ' if good else 'FAIL'} {number:2} {precision:12} {line}\n        {shown}", flush=True)
    for number, precision, words in refused:
        print(f"SKIP {number:2} {precision:12} {words}")
    print(f"{compared} compared, {failed} failed, {len(refused)} refused by opt-trainer; cover of {len(cases)} cases")
    sys.exit(0 if compared and not failed and not refused else 1)


if __name__ == "__main__":
    main()
