"""Weights under the names of allenai/OLMo's own checkpoints (config.yaml beside model.safetensors or model.pt): import only."""

import json

import numpy

from optfleet.model_facts import choice, facts

OF_BLOCK = [
    ("norm1", "attn_norm"),
    ("attention.qkv", "att_proj"),
    ("attention.q_norm", "q_norm"),
    ("attention.k_norm", "k_norm"),
    ("attention.output", "attn_out"),
    ("norm2", "ff_norm"),
    ("mlp.down", "ff_out"),
]
OUTSIDE = [
    ("token_embedding", "wte"),
    ("position_embedding", "wpe"),
    ("final_norm", "ln_f"),
    ("output", "ff_out"),
]


def read_config(path):
    text = path.read_text()
    if path.suffix == ".json":
        whole = json.loads(text)
    else:
        import yaml  # only here: no other part needs it

        whole = yaml.safe_load(text)
    return whole.get("model", whole)


def _has_bias(tensors, name):
    """Weights without a bias may leave the tensor out: the file itself tells."""
    return choice(any(key.endswith(f".{name}.bias") for key in tensors))


def model(config, tensors):
    """The keys of `model` that make it; the file's tensors decide which biases there are."""
    if config.get("block_type", "sequential") != "sequential":
        raise ValueError(f"`block_type` is {config['block_type']}, which no spec says")
    activation = config.get("activation_type", "swiglu")
    if activation not in ("gelu", "relu", "swiglu"):
        raise ValueError(f"`activation_type` is {activation}, which no spec says")
    kinds = {"default": "layernorm", "low_precision": "layernorm", "rms": "rmsnorm"}
    kind = config.get("layer_norm_type", "default")
    if kind not in kinds or not config.get("layer_norm_with_affine", True):
        raise ValueError(f"`layer_norm_type` is {kind}, gains {config.get('layer_norm_with_affine', True)}, which no spec says")
    width, heads = config["d_model"], config["n_heads"]
    inner = config.get("mlp_hidden_size") or config.get("mlp_ratio", 4) * width
    position = "rotary" if config.get("rope") else "alibi" if config.get("alibi") else "learned"
    kv_heads = config.get("n_kv_heads") or (1 if config.get("multi_query_attention") else heads)
    found = {
        "layers": config["n_layers"],
        "width": width,
        "heads": heads,
        "kv_heads": 0 if kv_heads == heads else kv_heads,
        # Both halves of a gated MLP are counted there.
        "mlp_width": inner // 2 if activation == "swiglu" else inner,
        "vocab_size": config.get("embedding_size") or config["vocab_size"],
        "context": config.get("max_sequence_length", 1024),
        "norm": kinds[kind],
        "qk_norm": bool(config.get("attention_layer_norm")),
        "position": position,
        "mlp": activation,
        "tie_output": bool(config.get("weight_tying", True)),
        "norm_epsilon": config.get("layer_norm_eps", 1e-5),
        "attention_bias": _has_bias(tensors, "att_proj"),
        "mlp_bias": _has_bias(tensors, "ff_proj"),
        "embedding_dropout": config.get("embedding_dropout", 0.0),
        "attention_dropout": config.get("attention_dropout", 0.0),
        "residual_dropout": config.get("residual_dropout", 0.0),
    }
    if position == "rotary":
        found["rotary_base"] = float(config.get("rope_theta", 10000))
    if found["norm"] == "layernorm":
        found["norm_bias"] = _has_bias(tensors, "attn_norm")
    return found


def weights(spec_model, tensors):
    """(our weights by name, the names nobody wants)."""
    spec_model = facts(spec_model)
    tensors = {name.removeprefix("module.").removeprefix("model."): values for name, values in tensors.items()}
    taken = {}

    def take(ours, theirs):
        for part in ("weight", "bias"):
            if f"{theirs}.{part}" in tensors:
                taken[f"{ours}.{part}"] = tensors.pop(f"{theirs}.{part}")

    for ours, theirs in OUTSIDE:
        if not (ours == "output" and spec_model["tie_output"]):
            take(ours, f"transformer.{theirs}")
    for layer in range(spec_model["layers"]):
        for ours, theirs in OF_BLOCK:
            take(f"blocks.{layer}.{ours}", f"transformer.blocks.{layer}.{theirs}")
        take(f"blocks.{layer}.mlp.up", f"transformer.blocks.{layer}.ff_proj")
        if spec_model["mlp"] == "swiglu":
            # One matrix holds first what is multiplied, then what goes through silu.
            for part in ("weight", "bias"):
                both = taken.pop(f"blocks.{layer}.mlp.up.{part}", None)
                if both is not None:
                    up, gate = numpy.split(both, 2)
                    taken |= {f"blocks.{layer}.mlp.up.{part}": up, f"blocks.{layer}.mlp.gate.{part}": gate}
    return taken, list(tensors)
