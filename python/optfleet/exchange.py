"""Models to and from other programs: Hugging Face folders of the GPT-2 and Llama families, OLMo's names for import.

    python -m optfleet export RUN|CHECKPOINT|WEIGHTS [--config MODEL.json] --out FOLDER
    python -m optfleet import FOLDER --out FOLDER

`export` writes config.json, model.safetensors and, for models of bytes, a tokenizer. A weights file alone does not say which model it
is: `--config` names a job.json, or what `opt-trainer parameters --config run.yaml --json` prints. `import` writes weights.safetensors under our
names and model.yaml, the `model` part of a spec file without what is a default. Weights become fp32; no number changes.
"""

import json
import pathlib
import re
import sys

from optfleet import byte_tokenizer, olmo, tensor_files
from optfleet.families import FAMILIES
from optfleet.model_facts import DEFAULTS, facts

WEIGHTS = "weights.safetensors"


class Refusal(ValueError):
    """What cannot be done, why, and what to do instead."""


def find_weights(source):
    """The weights file of a run directory (its newest checkpoint), of a checkpoint's folder, or the file itself."""
    source = pathlib.Path(source)
    if source.is_file():
        return source
    checkpoints = sorted(source.glob("checkpoints/step-*/" + WEIGHTS))
    if checkpoints:
        return checkpoints[-1]
    if (source / WEIGHTS).is_file():
        return source / WEIGHTS
    raise Refusal(f"{source} is no run directory with a checkpoint, no checkpoint and no weights file")


def find_spec(weights, config):
    """The resolved spec: of `config`, else of the job.json of the run that the weights are part of."""
    if config is None:
        job = weights.parent.parent.parent / "job.json"
        if not job.is_file():
            raise Refusal(f"{weights} is in no run directory, so nothing says which model it is; name it with --config")
        config = job
    document = json.loads(pathlib.Path(config).read_text())
    spec = document.get("spec", document)
    if "model" not in spec:
        raise Refusal(f"{config} holds no `model`; --config takes a job.json or the output of `opt-trainer parameters --json`")
    return spec


def choose_family(model):
    differences = {family.name: family.differences(model) for family in FAMILIES}
    for family in FAMILIES:
        if not differences[family.name]:
            return family
    lines = [f"  {name}: {'; '.join(found)}" for name, found in differences.items()]
    raise Refusal("this model is no member of a family that Hugging Face has\n" + "\n".join(lines))


def check_shapes(model, weights):
    """Against the two that every model has: a weights file of another model is the likeliest mistake."""
    blocks = {int(match[1]) for name in weights if (match := re.match(r"blocks\.(\d+)\.", name))}
    if len(blocks) != model["layers"]:
        raise Refusal(f"the weights have {len(blocks)} blocks, the spec's model {model['layers']}")
    found = list(weights.get("token_embedding.weight", [[]]).shape)
    wanted = [model["vocab_size"], model["width"]]
    if found != wanted:
        raise Refusal(f"`token_embedding.weight` is {found}, the spec's model has {wanted}")


def reads_bytes(spec, model):
    """Whether a token is a byte: 256 of them, and no word of another file than a text."""
    return model["vocab_size"] == 256 and spec.get("data", {}).get("format", "auto") in ("auto", "text")


def export(source, out, config=None):
    weights_file = find_weights(source)
    spec = find_spec(weights_file, config)
    model = facts(spec["model"])
    family = choose_family(model)
    weights = tensor_files.read(weights_file)
    check_shapes(model, weights)
    try:
        tensors = family.to_hugging_face(model, weights)
    except KeyError as missing:
        raise Refusal(f"{weights_file} lacks {missing}, which the spec's model has") from missing
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    tensor_files.write(out / tensor_files.SINGLE, tensors, {"format": "pt"})
    settings = family.config(model) | {"torch_dtype": "float32", "bos_token_id": None, "eos_token_id": None}
    (out / "config.json").write_text(json.dumps(settings, indent=1) + "\n")
    written = f"{family.name} model of {sum(t.size for t in tensors.values()):,} numbers"
    if reads_bytes(spec, model):
        byte_tokenizer.write(out, model["context"])
        written += ", tokenizer of bytes"
    print(f"{out}: {written}, from {weights_file}")


def _read_hugging_face(folder):
    config = json.loads((folder / "config.json").read_text())
    kind = config.get("model_type")
    family = next((family for family in FAMILIES if family.model_type == kind), None)
    if family is None:
        raise Refusal(f"{folder} holds a model of type {kind}; gpt2 and llama can be read")
    model = family.model(config)
    return model, *family.from_hugging_face(facts(model), tensor_files.read_folder(folder))


def _read_olmo(folder):
    config_file = next(path for path in (folder / "config.yaml", folder / "config.json") if path.is_file())
    if (folder / "model.pt").is_file():
        import torch  # only for this form

        state = torch.load(folder / "model.pt", map_location="cpu", weights_only=True)
        tensors = {name: values.float().numpy() for name, values in state.items()}
    else:
        tensors = tensor_files.read_folder(folder)
    model = olmo.model(olmo.read_config(config_file), tensors)
    return model, *olmo.weights(model, tensors)


def import_(folder, out):
    folder, out = pathlib.Path(folder), pathlib.Path(out)
    hugging_face = folder / "config.json"
    if not hugging_face.is_file() and not (folder / "config.yaml").is_file():
        raise Refusal(f"{folder} holds neither config.json nor config.yaml, so nothing says which model it is")
    is_olmo = not hugging_face.is_file() or "model_type" not in json.loads(hugging_face.read_text())
    try:
        model, weights, left = _read_olmo(folder) if is_olmo else _read_hugging_face(folder)
    except KeyError as missing:
        raise Refusal(f"{folder} lacks {missing}") from missing
    if left:
        raise Refusal(f"{folder} holds {len(left)} tensors that its model has not, first {left[0]}")
    check_shapes(facts(model), weights)
    out.mkdir(parents=True, exist_ok=True)
    tensor_files.write(out / WEIGHTS, weights)
    lines = [f"  {key}: {json.dumps(value).strip(chr(34))}\n" for key, value in model.items() if DEFAULTS.get(key) != value]
    (out / "model.yaml").write_text("model:\n" + "".join(lines))
    print(f"{out}: {WEIGHTS} of {sum(t.size for t in weights.values()):,} numbers, model.yaml")


def _run(arguments):
    try:
        if arguments.command == "export":
            export(arguments.source, arguments.out, arguments.config)
        else:
            import_(arguments.source, arguments.out)
    except (OSError, ValueError) as error:  # what a person can mend; anything else is a mistake of ours
        print(f"optfleet: {error}", file=sys.stderr)
        return 2
    return 0


def add_to(commands):
    """Adds `export` and `import` to a parser's commands."""
    exported = commands.add_parser("export", help="write a model as a Hugging Face folder (GPT-2, Llama)")
    exported.add_argument("source", help="run directory, checkpoint folder or weights file")
    exported.add_argument("--config", help="job.json or the output of `opt-trainer parameters --json`; by default the run's own")
    exported.add_argument("--out", required=True, help="folder to write")
    exported.set_defaults(run=_run)
    imported = commands.add_parser("import", help="read a Hugging Face folder (GPT-2, Llama) or an OLMo checkpoint")
    imported.add_argument("source", help="folder with config.json or config.yaml and the weights")
    imported.add_argument("--out", required=True, help="folder to write: weights.safetensors, model.yaml")
    imported.set_defaults(run=_run)
