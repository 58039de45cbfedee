"""Every figure of `diagnostics` beside what PyTorch makes of the same run (docs/diagnostics.md defines them).

    diagnostics_parity.py --trainer build/release/bin/opt-trainer [--case NAME]

The trainer writes a checkpoint after every step. From the weights of the step before, the step's sequences and the optimizer's state in those
files each figure is computed anew: gradients and activations by the plain model of model_reference.py in float64, norms and moments from the
files alone. Prints the largest relative difference of each figure, and fails where one is above its tolerance or a figure is missing.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys
import tempfile
from unittest import mock

import torch

import model_reference
import train_parity
from model_parity import spelled_out
from runfiles import read_metrics, read_safetensors
from train_parity import run_trainer, write_text

STEPS, EVERY, PARAMETERS_EVERY = 12, 4, 5
TOLERANCE = 2e-5  # relative; figures that only read files are exact to some digits more
# Counts elements that are exactly zero, which those of key biases are here and not there: their true gradient is zero.
WIDER = {"lion_cosine": 5e-4}

BASE = train_parity.BASE | {
    "model.layers": 3,
    "model.mlp_width": 80,
    "model.vocab_size": 256,
    "model.tie_output": True,
    "budget.steps": STEPS,
    "checkpoint.every_steps": 1,
    "checkpoint.keep": 1000,
    "training.micro_batch": 2,
    "training.clip_norm": 0.7,
    "diagnostics.gradient_norms": True,
    "diagnostics.update_norms": True,
    "diagnostics.activation_rms": "all",
    "diagnostics.attention_entropy": "ends",
    "diagnostics.clipping_rate": True,
    "diagnostics.gradient_coherence": True,
    "diagnostics.noise_scale": True,
    "diagnostics.noise_decay": 0.75,
    "diagnostics.loss_spikes": True,
    "diagnostics.spike_window": 8,
    "diagnostics.spike_threshold": 0.5,
    "diagnostics.every_steps": EVERY,
    "diagnostics.parameters_every_steps": PARAMETERS_EVERY,
}

CASES = {
    "adamw-sdpa-tied": {
        "optimizer.name": "adamw",
        "optimizer.learning_rate": 3e-3,
        "model.attention": "sdpa",
        "diagnostics.adam_moments": True,
    },
    "lion-manual-untied-recompute": {
        "optimizer.name": "lion",
        "optimizer.learning_rate": 1e-3,
        "model.attention": "manual",
        "model.tie_output": False,
        "training.recompute_every": 1,
        "training.clip_norm": 0.7,
        "training.clip_value": 0.02,
        "diagnostics.lion_cosine": True,
    },
    "post-rotary-grouped": {
        "optimizer.name": "adamw",
        "model.attention": "sdpa",
        "model.norm": "rmsnorm",
        "model.norm_placement": "post",
        "model.qk_norm": True,
        "model.position": "rotary",
        "model.mlp": "swiglu",
        "model.kv_heads": 2,
        "diagnostics.adam_moments": True,
    },
    "weighted-alibi": {
        "optimizer.name": "lion",
        "optimizer.learning_rate": 1e-3,
        "model.attention": "manual",
        "model.position": "alibi",
        "model.residual": "weighted",
        "diagnostics.lion_cosine": True,
    },
}


class Watched:
    """The reference model, which keeps what blocks hand on and the rows of attention."""

    def __init__(self, model, weights):
        self.model = model
        self.weights = {name: tensor.double().requires_grad_() for name, tensor in weights.items()}
        self.outputs, self.rows = {}, {}

    def loss(self, inputs, targets):
        sublayer, attend, softmax = model_reference.sublayer, model_reference.attend, torch.softmax
        layer = lambda name: int(name.split(".")[1])

        def watched_sublayer(model, weights, x, norm, function, name):
            output = sublayer(model, weights, x, norm, function, name)
            if name.endswith(".mlp"):
                self.outputs[layer(name)] = output.detach()
            return output

        def watched_attend(model, weights, x, name):
            def watched_softmax(scores, dim):
                self.rows[layer(name)] = softmax(scores, dim).detach()[:, :2, :128, :128]
                return softmax(scores, dim)

            with mock.patch.object(torch, "softmax", watched_softmax):
                return attend(model, weights, x, name)

        with mock.patch.multiple(model_reference, sublayer=watched_sublayer, attend=watched_attend):
            scores = model_reference.logits(self.model, self.weights, inputs)
        return torch.nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten())


def norm(tensors):
    return math.sqrt(sum(tensor.double().square().sum().item() for tensor in tensors))


def place(name):
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "blocks" else parts[0]


def places(names):
    return list(dict.fromkeys(place(name) for name in names))


def step_gradients(spec, model, weights, text, rows):
    """Gradients of the mean loss of each microbatch, and the figures of the forward passes."""
    length, micro = spec["data"]["sequence_length"], spec["training"]["micro_batch"]
    tokens = torch.stack([text[start : start + length + 1] for start in rows])
    model = Watched(model, weights)
    gradients, squares, entropies = [], {}, {}
    for piece in tokens.split(micro):
        for tensor in model.weights.values():
            tensor.grad = None
        model.loss(piece[:, :-1], piece[:, 1:]).backward()
        gradients.append({name: tensor.grad.clone() for name, tensor in model.weights.items()})
        for layer, output in model.outputs.items():
            squares.setdefault(layer, []).append(output.square().mean().item())
        for layer, chances in model.rows.items():
            entropies.setdefault(layer, []).append(torch.special.entr(chances).sum(-1).mean().item())
    forward = {f"activation_rms/blocks.{layer}": math.sqrt(statistics.mean(values)) for layer, values in squares.items()}
    ends = {0, spec["model"]["layers"] // 2, spec["model"]["layers"] - 1}
    forward |= {f"attention_entropy/blocks.{layer}": statistics.mean(entropies[layer]) for layer in ends}
    return gradients, forward


def gradient_figures(spec, gradients, average):
    """Figures of the gradients of microbatches; `average` is [|G|^2, S] smoothed, and is moved on."""
    names = list(gradients[0])
    whole = {name: sum(gradient[name] for gradient in gradients) / len(gradients) for name in names}
    flat = [torch.cat([gradient[name].flatten() for name in names]) for gradient in gradients]
    figures = {}
    for where in places(names):
        figures["grad_norm/" + where] = norm(whole[name] for name in names if place(name) == where)
    figures["grad_norm/norms"] = norm(whole[name] for name in names if "norm" in name)
    cosines = [torch.nn.functional.cosine_similarity(a, b, dim=0).item() for a, b in zip(flat, flat[1:])]
    figures["grad_coherence"] = statistics.mean(cosines)
    small, large = spec["training"]["micro_batch"], spec["training"]["batch_size"]
    small_square = statistics.mean(vector.square().sum().item() for vector in flat)
    large_square = norm(whole.values()) ** 2
    now = [
        (large * large_square - small * small_square) / (large - small),
        (small_square - large_square) / (1 / small - 1 / large),
    ]
    decay = spec["diagnostics"]["noise_decay"]
    average[:] = [decay * old + (1 - decay) * new for old, new in zip(average, now)]
    figures["noise_scale/grad_square"], figures["noise_scale/trace"] = now
    if average[0] > 0:
        figures["noise_scale"] = average[1] / average[0]
    return figures, whole


def update_figures(before, after):
    figures = {}
    for suffix, names in [("", list(before))] + [("/" + where, [n for n in before if place(n) == where]) for where in places(before)]:
        update = norm(after[name].double() - before[name].double() for name in names)
        figures["update_norm" + suffix] = update
        figures["update_ratio" + suffix] = update / norm(before[name] for name in names)
    return figures


def rule_figures(spec, step, state_before, state_after, gradient):
    options = spec["optimizer"]
    if options["name"] == "adamw":
        moments = lambda name: {key.split(".", 1)[1]: t.double() for key, t in state_after.items() if key.startswith(name + ".")}
        first = {key: t / (1 - options["beta1"] ** step) for key, t in moments("first_moment").items()}
        second = {key: t / (1 - options["beta2"] ** step) for key, t in moments("second_moment").items()}
        ratio = norm(first[key] / (second[key].sqrt() + 1e-8) for key in first)
        return {"first_moment_norm": norm(first.values()), "second_moment_norm": norm(second.values()), "snr_norm": ratio}
    training = spec["training"]
    scale = min(1.0, training["clip_norm"] / (norm(gradient.values()) + 1e-6))
    bound = training["clip_value"] or math.inf
    updates = []
    for name, tensor in gradient.items():
        clipped = (tensor * scale).clamp(-bound, bound)
        moment = state_before["first_moment." + name].double() if state_before else 0.0
        updates.append((options["beta1"] * moment + (1 - options["beta1"]) * clipped).flatten())
    update = torch.cat(updates)
    return {"lion_cosine": torch.nn.functional.cosine_similarity(update, update.sign(), dim=0).item()}


def parameter_figures(weights, gradient, state):
    tensors = {("weight", name): tensor for name, tensor in weights.items()}
    tensors |= {("grad", name): tensor for name, tensor in gradient.items()}
    tensors |= {tuple(key.split(".", 1)): tensor for key, tensor in state.items() if "." in key}
    figures = {}
    for (what, name), tensor in tensors.items():
        values = tensor.double()
        figures[f"{what}_min/{name}"] = values.min().item()
        figures[f"{what}_max/{name}"] = values.max().item()
        figures[f"{what}_mean/{name}"] = values.mean().item()
        figures[f"{what}_norm/{name}"] = norm([values])
    return figures


def spike_figures(spec, losses):
    """The rule of docs/diagnostics.md, over all losses so far."""
    window, threshold = spec["diagnostics"]["spike_window"], spec["diagnostics"]["spike_threshold"]
    calm, spikes, steps, in_row, height = [], 0, 0, 0, 0.0
    for loss in losses:
        if 2 * len(calm) >= window:
            middle = statistics.median(calm)
            spread = statistics.median(abs(value - middle) for value in calm)
            if loss - middle > max(threshold * 1.4826 * spread, 0.02 * abs(middle)):
                spikes, steps, in_row = spikes + (in_row == 0), steps + 1, in_row + 1
                height = max(height, loss - middle)
                if in_row < window:
                    continue
                calm = []
        in_row = 0
        calm = (calm + [loss])[-window:]
    return {"loss_spikes": spikes, "loss_spike_steps": steps, "loss_spike_height": height}


def expected_figures(spec, model, folder, text, starts, records):
    """{step: {key: value}} of the steps that record."""
    checkpoint = lambda step, name: read_safetensors(folder / f"run/checkpoints/step-{step:012d}/{name}.safetensors")
    average, expected, clipped = [0.0, 0.0], {}, 0
    weights, state = read_safetensors(folder / "initial.safetensors"), {}
    for step in range(1, STEPS + 1):
        after, state_after = checkpoint(step, "weights"), checkpoint(step, "optimizer")
        clipped += records[step]["grad_norm"] > spec["training"]["clip_norm"]
        due, parameters_due = step == 1 or step % EVERY == 0, step == 1 or step % PARAMETERS_EVERY == 0
        figures = {}
        if due or parameters_due:
            gradients, forward = step_gradients(spec, model, weights, text, starts[step - 1])
            if due:
                of_gradients, whole = gradient_figures(spec, gradients, average)
                figures |= forward | of_gradients | update_figures(weights, after)
                figures |= rule_figures(spec, step, state, state_after, whole)
                figures |= {"clipping_rate": clipped / step}
                figures |= spike_figures(spec, [records[i]["loss"] for i in range(1, step + 1)])
            whole = {name: sum(gradient[name] for gradient in gradients) / len(gradients) for name in weights}
            if parameters_due:
                figures |= parameter_figures(after, whole, state_after)
        expected[step] = figures
        weights, state = after, state_after
    return expected


def scale_of(key, value, figures):
    """What a difference is measured against: a mean or an extreme has the size of the whole tensor's elements."""
    what, _, part = key.partition("/")
    if what.endswith(("_mean", "_min", "_max")) and part:
        name = what.rsplit("_", 1)[0]
        return max(abs(figures[f"{name}_{end}/{part}"]) for end in ("min", "max")) + 1e-12
    if what == "noise_scale" and part:
        return abs(figures["noise_scale/trace"]) + abs(figures["noise_scale/grad_square"])
    return abs(value) + 1e-12


def compare(trainer, name, options):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write_text(folder / "text.txt")
        train_parity.STEPS = STEPS
        starts = run_trainer(trainer, folder, BASE | options)
        spec = json.loads((folder / "run/job.json").read_text())["spec"]
        text = torch.tensor(list((folder / "text.txt").read_bytes()))
        records = {step: points for _, step, points in read_metrics(folder / "run/metrics.log") if "loss" in points}
        expected = expected_figures(spec, spelled_out(BASE | options), folder, text, starts, records)
    plain = {"loss", "grad_norm", "learning_rate", "tokens", "step_seconds", "tokens_per_second", "memory_bytes", "data_wait_seconds"}
    worst, good = {}, True
    for step, figures in expected.items():
        found = {key: value for key, value in records[step].items() if key not in plain}
        if found.keys() != figures.keys():
            good = False
            print(f"FAIL {name} step {step}: only found {sorted(found.keys() - figures.keys())}, missing {sorted(figures.keys() - found.keys())}")
        for key in found.keys() & figures.keys():
            # A key's bias shifts all scores of a row alike: its true gradient is zero, what is found is rounding.
            if key.endswith("attention.qkv.bias") and not key.startswith("weight"):
                continue
            difference = abs(found[key] - figures[key]) / scale_of(key, figures[key], figures)
            kind = key.partition("/")[0]
            worst[kind] = max(worst.get(kind, 0.0), difference)
    for kind, difference in sorted(worst.items()):
        fits = difference <= WIDER.get(kind, TOLERANCE)
        good = good and fits
        print(f"{'ok  ' if fits else 'FAIL'} {name:30} {kind:22} {difference:.1e}")
    # What never happens is never checked.
    last = expected[STEPS]
    good = good and 0 < last["clipping_rate"] and len(worst) > 20
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    parser.add_argument("--case", choices=CASES)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [case for case in CASES if arguments.case in (None, case)]
    results = [compare(arguments.trainer, case, CASES[case]) for case in chosen]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
