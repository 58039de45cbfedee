"""The group `model` of a resolved spec, with every choice that another key decides spelled out (docs/spec-keys.md)."""

DEFAULTS = {
    "layers": 4,
    "width": 128,
    "heads": 4,
    "kv_heads": 0,
    "vocab_size": 256,
    "norm": "layernorm",
    "norm_placement": "pre",
    "final_norm": "auto",
    "qk_norm": False,
    "position": "learned",
    "rotary_base": 10000.0,
    "mlp": "gelu",
    "residual": "plain",
    "tie_output": True,
    "bias": True,
    "norm_bias": "auto",
    "attention_bias": "auto",
    "mlp_bias": "auto",
    "output_bias": "auto",
    "embedding_dropout": 0.0,
    "attention_dropout": 0.0,
    "residual_dropout": 0.0,
    "norm_epsilon": 1e-5,
}


def facts(model):
    """The same keys with values in the place of auto and 0, the choices yes and no as booleans; `bias` is spent on its parts."""
    full = DEFAULTS | model
    by_default = {
        "final_norm": full["norm_placement"] == "pre",
        "norm_bias": full["bias"],
        "attention_bias": full["bias"],
        "mlp_bias": full["bias"],
        "output_bias": False,
    }
    for key, otherwise in by_default.items():
        full[key] = {"auto": otherwise, "yes": True, "no": False}[full[key]]
    if full["norm"] == "rmsnorm":
        full["norm_bias"] = False
    del full["bias"]
    full["kv_heads"] = full["kv_heads"] or full["heads"]
    full["mlp_width"] = full.get("mlp_width") or 4 * full["width"]
    return full


def choice(value):
    return "yes" if value else "no"
