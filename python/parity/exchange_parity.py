"""Models exchanged with `transformers`: the same logits and gradients on both sides, in both directions.

    exchange_parity.py --trainer build/release/bin/opt-trainer

Out: a model of ours, exported, is loaded by `transformers` and computes what `opt-trainer probe` computes. Back: imported again, its weights are
the same bits. In: a model that `transformers` made and saved in several files is imported and probed. OLMo's names: a checkpoint in its form,
computed by a few lines here. Tolerance 1e-5 of the largest element: fp32 on both sides, the order of sums differs.
"""

import argparse
import contextlib
import io
import json
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import olmo_reference
from optfleet import __main__ as optfleet
from optfleet.families import FAMILIES
from optfleet.model_facts import facts
from probing import Prober, difference, draw_tokens, draw_weights
from runfiles import read_safetensors, write_safetensors

TOLERANCE = 1e-5
SIZES = {"model.layers": 3, "model.width": 48, "model.heads": 6, "model.mlp_width": 80, "model.context": 24}
LLAMA = {"model.norm": "rmsnorm", "model.position": "rotary", "model.mlp": "swiglu", "model.norm_epsilon": 1e-6}
OURS = {
    "gpt2-exact-gelu": {"model.vocab_size": 256},
    "gpt2-untied": {"model.mlp": "gelu_tanh", "model.tie_output": False, "model.vocab_size": 61},
    "llama-grouped-untied": LLAMA | {"model.kv_heads": 2, "model.tie_output": False, "model.bias": False, "model.vocab_size": 256},
    "llama-tied-bias": LLAMA | {"model.rotary_base": 500000.0, "model.mlp_bias": "no", "model.vocab_size": 61},
}


def check(name, figures):
    """Prints the worst of {what: difference}; whether all are within the tolerance."""
    worst = max(figures, key=figures.get)
    good = figures[worst] <= TOLERANCE
    print(f"{'ok  ' if good else 'FAIL'} {name:44} {figures[worst]:.1e} ({worst})", flush=True)
    return good


def tool(*words):
    code = optfleet.main([str(word) for word in words])
    assert not code, f"optfleet {' '.join(map(str, words))}: exit code {code}"


def their_figures(folder, inputs, targets):
    """(logits, loss, gradients under our names) of the model that `transformers` loads from a folder."""
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    logits = model(inputs).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    loss.backward()
    gradients = {name: weight.grad.numpy() for name, weight in model.named_parameters()}
    config = json.loads((pathlib.Path(folder) / "config.json").read_text())
    family = next(family for family in FAMILIES if family.model_type == config["model_type"])
    ours, left = family.from_hugging_face(facts(family.model(config)), gradients)
    assert not left, left
    return logits.detach(), loss.detach(), {name: torch.from_numpy(values.copy()) for name, values in ours.items()}


def compare(name, found, theirs):
    logits, loss, gradients = theirs
    names = set(found) - {"logits", "loss", "z_loss"}
    assert set(gradients) == names, set(gradients) ^ names
    figures = {"logits": difference(found["logits"], logits), "loss": difference(found["loss"], loss)}
    figures |= {key: difference(found[key], gradients[key]) for key in gradients}
    return check(name, figures)


def out_and_back(prober, name, options):
    config = prober.write_config(SIZES | options)
    described = prober.describe(config)
    (prober.folder / "model.json").write_text(json.dumps(described))
    weights = draw_weights([(entry["name"], entry["shape"]) for entry in described["parameters"]], seed=3)
    inputs, targets = draw_tokens(options["model.vocab_size"], sequences=3, length=19, seed=4)
    found = prober.probe(config, weights, inputs, targets)
    folder = prober.folder / name
    tool("export", prober.folder / "weights.safetensors", "--config", prober.folder / "model.json", "--out", folder)
    good = compare(f"{name}: out", found, their_figures(folder, inputs, targets))

    tool("import", folder, "--out", prober.folder / f"{name}-back")
    back = read_safetensors(prober.folder / f"{name}-back/weights.safetensors")
    same = set(back) == set(weights) and all(torch.equal(back[key], weights[key]) for key in weights)
    model = prober.describe(prober.folder / f"{name}-back/model.yaml")["model"]
    same_model = facts(model) == facts(described["model"])
    print(f"{'ok  ' if same and same_model else 'FAIL'} {name}: back, weights {same}, model {same_model}")
    return good and same and same_model


def trained_out(prober):
    """The newest checkpoint of a run directory, without a word about the model."""
    (prober.folder / "text.txt").write_text("to be or not to be " * 200)
    run = {"data.path": "text.txt", "data.sequence_length": 16, "model.width": 32, "budget.steps": 4, "checkpoint.every_steps": 2}
    config = prober.write_config(run, "train.yaml")
    prober.run("train", config, "--out", prober.folder / "run")
    tool("export", prober.folder / "run", "--out", prober.folder / "trained")
    newest = prober.folder / "run/checkpoints/step-000000000004/weights.safetensors"
    inputs, targets = draw_tokens(256, sequences=3, length=16, seed=9)
    found = prober.probe(config, newest, inputs, targets)
    return compare("checkpoint of a run: out", found, their_figures(prober.folder / "trained", inputs, targets))


def bytes_keep_their_ids(_, folder):
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    texts = ["one  two\n\tthree ", "größer – 漢字 🎉 Ā", "\x00\x01\x7f<|endoftext|>'s", ""]
    good = all(tokenizer.encode(text) == list(text.encode()) for text in texts)
    good &= all(tokenizer.decode(list(text.encode())) == text for text in texts) and len(tokenizer) == 256
    print(f"{'ok  ' if good else 'FAIL'} tokenizer of bytes: ids are bytes, both ways")
    return good


def theirs_in(prober, name, config):
    """A model that `transformers` made, in several files with an index."""
    import transformers

    torch.manual_seed(5)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn(weight.shape))
    folder = prober.folder / name
    model.save_pretrained(folder, max_shard_size="60KB")
    assert (folder / "model.safetensors.index.json").is_file(), "one file holds it: no test of several"
    tool("import", folder, "--out", prober.folder / f"{name}-in")
    inputs, targets = draw_tokens(config.vocab_size, sequences=3, length=19, seed=6)
    into = prober.folder / f"{name}-in"
    found = prober.probe(into / "model.yaml", into / "weights.safetensors", inputs, targets)
    return compare(f"{name}: in", found, their_figures(folder, inputs, targets))


def olmo_in(prober, name, settings):
    config = olmo_reference.CONFIG | settings
    folder = prober.folder / name
    folder.mkdir()
    (folder / "config.yaml").write_text(json.dumps({"model": config}))
    tensors = olmo_reference.draw(config, seed=7)
    write_safetensors(folder / "model.safetensors", tensors)
    tool("import", folder, "--out", prober.folder / f"{name}-in")
    inputs, targets = draw_tokens(config["vocab_size"], sequences=3, length=19, seed=8)
    into = prober.folder / f"{name}-in"
    found = prober.probe(into / "model.yaml", into / "weights.safetensors", inputs, targets)
    wide = {key: tensor.double() for key, tensor in tensors.items()}
    return check(f"{name}: in", {"logits": difference(found["logits"], olmo_reference.logits(config, wide, inputs))})


def refused(words, wanted):
    """Whether the tool ends with exit code 2 and says what is wanted."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = optfleet.main([str(word) for word in words])
    good = code == 2 and all(part in said.getvalue() for part in wanted)
    print(f"{'ok  ' if good else 'FAIL'} refused with exit code {code}: {said.getvalue().strip()}")
    return good


def refusals_say_why(prober):
    """What cannot be exchanged is refused with the reason, and nothing is written."""
    described = prober.describe(prober.write_config(SIZES | {"model.norm_placement": "post", "model.position": "alibi"}))
    model, weights, out = prober.folder / "model.json", prober.folder / "w.safetensors", prober.folder / "refused"
    model.write_text(json.dumps(described))
    write_safetensors(weights, draw_weights([(e["name"], e["shape"]) for e in described["parameters"]], 1))
    differ = ["GPT-2: `model.norm_placement` is post, not pre", "`model.position` is alibi, not learned", "Llama: `model.norm` is layernorm"]
    good = refused(["export", weights, "--config", model, "--out", out], differ)
    good &= refused(["export", weights, "--out", out], ["name it with --config"])
    model.write_text(json.dumps(prober.describe(prober.write_config(SIZES | {"model.layers": 4}))))
    good &= refused(["export", weights, "--config", model, "--out", out], ["the weights have 3 blocks, the spec's model 4"])

    theirs = prober.folder / "their-llama"  # in several files
    config = json.loads((theirs / "config.json").read_text())
    (theirs / "config.json").write_text(json.dumps(config | {"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4}}))
    good &= refused(["import", theirs, "--out", out], ["rotary positions are scaled (llama3)"])
    (theirs / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    good &= refused(["import", theirs, "--out", out], ["type bert; gpt2 and llama can be read"])
    (theirs / "config.json").write_text(json.dumps(config))
    last = sorted(theirs.glob("model-*.safetensors"))[-1]
    last.write_bytes(last.read_bytes()[:-4])
    good &= refused(["import", theirs, "--out", out], [f"{last.name} ends inside tensor"])
    last.unlink()
    good &= refused(["import", theirs, "--out", out], [f"names {last.name}, which is not in the folder"])
    return good and not out.exists()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    prober = Prober(arguments.trainer)
    sizes = {"vocab_size": 61, "use_cache": False}
    gpt2 = transformers.GPT2Config(n_embd=48, n_layer=3, n_head=4, n_positions=20, **sizes)
    llama = transformers.LlamaConfig(
        hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=3,
        max_position_embeddings=32, **sizes,
    )
    checks = [(out_and_back, name, options) for name, options in OURS.items()]
    checks += [(trained_out,), (bytes_keep_their_ids, prober.folder / "gpt2-exact-gelu")]
    checks += [(theirs_in, "their-gpt2", gpt2), (theirs_in, "their-llama", llama)]
    checks += [(olmo_in, "olmo-seed", {}), (olmo_in, "olmo-gated", olmo_reference.GATED), (refusals_say_why,)]
    good = [check_one(prober, *details) for check_one, *details in checks]
    print(f"{sum(good)} of {len(good)} good")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
