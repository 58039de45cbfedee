"""Two families of models under the names that Hugging Face's `transformers` gives their weights: GPT-2 and Llama.

A family says which of our models belong to it, and turns configuration and weights over, both ways. Weights only change names,
order and orientation: no number changes.
"""

import numpy

from optfleet.model_facts import choice


def _shown(value):
    return choice(value) if isinstance(value, bool) else str(value)


def _differences(model, expected):
    """["`model.position` is rotary, not learned", ...]. `expected`: {key: the values that the family has}."""
    return [
        f"`model.{key}` is {_shown(model[key])}, not {' or '.join(map(_shown, values))}"
        for key, values in expected.items()
        if model[key] not in values
    ]


def _need(config, expected, family):
    wrong = [f"`{key}` is {config[key]!r}, not {value!r}" for key, value in expected.items() if config.get(key, value) != value]
    if wrong:
        raise ValueError(f"this {family} model does something that no spec says: " + "; ".join(wrong))


class Gpt2:
    name = "GPT-2"
    model_type = "gpt2"
    ACTIVATIONS = {"gelu_tanh": "gelu_new", "gelu": "gelu", "relu": "relu"}
    FROM_ACTIVATIONS = {"gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu", "relu": "relu"}
    # Ours, theirs, and whether theirs is [inputs, outputs].
    OF_BLOCK = [
        ("norm1", "ln_1", False),
        ("attention.qkv", "attn.c_attn", True),
        ("attention.output", "attn.c_proj", True),
        ("norm2", "ln_2", False),
        ("mlp.up", "mlp.c_fc", True),
        ("mlp.down", "mlp.c_proj", True),
    ]

    def differences(self, model):
        expected = {
            "norm": ["layernorm"],
            "norm_placement": ["pre"],
            "final_norm": [True],
            "qk_norm": [False],
            "position": ["learned"],
            "mlp": list(self.ACTIVATIONS),
            "residual": ["plain"],
            "kv_heads": [model["heads"]],
            "norm_bias": [True],
            "attention_bias": [True],
            "mlp_bias": [True],
            "output_bias": [False],
        }
        return _differences(model, expected)

    def config(self, model):
        return {
            "model_type": "gpt2",
            "architectures": ["GPT2LMHeadModel"],
            "vocab_size": model["vocab_size"],
            "n_positions": model["context"],
            "n_embd": model["width"],
            "n_layer": model["layers"],
            "n_head": model["heads"],
            "n_inner": model["mlp_width"],
            "activation_function": self.ACTIVATIONS[model["mlp"]],
            "layer_norm_epsilon": model["norm_epsilon"],
            "embd_pdrop": model["embedding_dropout"],
            "attn_pdrop": model["attention_dropout"],
            "resid_pdrop": model["residual_dropout"],
            "tie_word_embeddings": model["tie_output"],
        }

    def model(self, config):
        kept = {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False, "add_cross_attention": False}
        _need(config, kept, self.name)
        activation = config.get("activation_function", "gelu_new")
        if activation not in self.FROM_ACTIVATIONS:
            raise ValueError(f"`activation_function` is {activation}, which no spec says")
        return {
            "layers": config["n_layer"],
            "width": config["n_embd"],
            "heads": config["n_head"],
            "mlp_width": config.get("n_inner") or 4 * config["n_embd"],
            "vocab_size": config["vocab_size"],
            "context": config["n_positions"],
            "tie_output": config.get("tie_word_embeddings", True),
            "mlp": self.FROM_ACTIVATIONS[activation],
            "norm_epsilon": config.get("layer_norm_epsilon", 1e-5),
            "embedding_dropout": config.get("embd_pdrop", 0.1),
            "attention_dropout": config.get("attn_pdrop", 0.1),
            "residual_dropout": config.get("resid_pdrop", 0.1),
        }

    def _names(self, model):
        """[(ours, theirs, turned)]"""
        yield "token_embedding.weight", "transformer.wte.weight", False
        yield "position_embedding.weight", "transformer.wpe.weight", False
        for layer in range(model["layers"]):
            for ours, theirs, turned in self.OF_BLOCK:
                for part in ("weight", "bias"):
                    yield f"blocks.{layer}.{ours}.{part}", f"transformer.h.{layer}.{theirs}.{part}", turned and part == "weight"
        for part in ("weight", "bias"):
            yield f"final_norm.{part}", f"transformer.ln_f.{part}", False
        if not model["tie_output"]:
            yield "output.weight", "lm_head.weight", False

    def to_hugging_face(self, model, weights):
        return {theirs: weights[ours].T if turned else weights[ours] for ours, theirs, turned in self._names(model)}

    def from_hugging_face(self, model, tensors):
        # Older files leave the first name out, and carry the causal mask.
        tensors = {name if name.startswith(("transformer.", "lm_head.")) else f"transformer.{name}": t for name, t in tensors.items()}
        masks = (".attn.bias", ".attn.masked_bias")
        taken = {ours: tensors.pop(theirs).T if turned else tensors.pop(theirs) for ours, theirs, turned in self._names(model)}
        if model["tie_output"]:
            tensors.pop("lm_head.weight", None)
        return taken, [name for name in tensors if not name.endswith(masks)]


class Llama:
    name = "Llama"
    model_type = "llama"
    OF_BLOCK = [
        ("norm1.weight", "input_layernorm.weight"),
        ("norm2.weight", "post_attention_layernorm.weight"),
    ]
    LINEARS = [
        ("attention.output", "self_attn.o_proj", "attention_bias"),
        ("mlp.gate", "mlp.gate_proj", "mlp_bias"),
        ("mlp.up", "mlp.up_proj", "mlp_bias"),
        ("mlp.down", "mlp.down_proj", "mlp_bias"),
    ]

    def differences(self, model):
        expected = {
            "norm": ["rmsnorm"],
            "norm_placement": ["pre"],
            "final_norm": [True],
            "qk_norm": [False],
            "position": ["rotary"],
            "mlp": ["swiglu"],
            "residual": ["plain"],
            "output_bias": [False],
        }
        return _differences(model, expected)

    def config(self, model):
        return {
            "model_type": "llama",
            "architectures": ["LlamaForCausalLM"],
            "vocab_size": model["vocab_size"],
            "max_position_embeddings": model["context"],
            "hidden_size": model["width"],
            "intermediate_size": model["mlp_width"],
            "num_hidden_layers": model["layers"],
            "num_attention_heads": model["heads"],
            "num_key_value_heads": model["kv_heads"],
            "head_dim": model["width"] // model["heads"],
            "hidden_act": "silu",
            "rms_norm_eps": model["norm_epsilon"],
            "rope_theta": model["rotary_base"],
            "rope_parameters": {"rope_type": "default", "rope_theta": model["rotary_base"]},
            "attention_bias": model["attention_bias"],
            "mlp_bias": model["mlp_bias"],
            "attention_dropout": model["attention_dropout"],
            "tie_word_embeddings": model["tie_output"],
        }

    def model(self, config):
        heads = config["num_attention_heads"]
        _need(config, {"hidden_act": "silu", "head_dim": config["hidden_size"] // heads}, self.name)
        rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
        kind = rope.get("rope_type", rope.get("type", "default"))
        if kind != "default":
            raise ValueError(f"its rotary positions are scaled ({kind}), which no spec says")
        return {
            "layers": config["num_hidden_layers"],
            "width": config["hidden_size"],
            "heads": heads,
            "kv_heads": 0 if config.get("num_key_value_heads") in (None, heads) else config["num_key_value_heads"],
            "mlp_width": config["intermediate_size"],
            "vocab_size": config["vocab_size"],
            "context": config.get("max_position_embeddings", 2048),
            "tie_output": config.get("tie_word_embeddings", False),
            "norm": "rmsnorm",
            "position": "rotary",
            "rotary_base": float(rope.get("rope_theta", config.get("rope_theta", 10000.0))),
            "mlp": "swiglu",
            "attention_bias": choice(config.get("attention_bias", False)),
            "mlp_bias": choice(config.get("mlp_bias", False)),
            "norm_epsilon": config.get("rms_norm_eps", 1e-6),
            "attention_dropout": config.get("attention_dropout", 0.0),
        }

    def _names(self, model):
        """[(ours, theirs)], but for the fused matrix of queries, keys and values."""
        yield "token_embedding.weight", "model.embed_tokens.weight"
        for layer in range(model["layers"]):
            block, theirs_block = f"blocks.{layer}.", f"model.layers.{layer}."
            for ours, theirs in self.OF_BLOCK:
                yield block + ours, theirs_block + theirs
            for ours, theirs, bias in self.LINEARS:
                for part in ("weight", "bias") if model[bias] else ("weight",):
                    yield f"{block}{ours}.{part}", f"{theirs_block}{theirs}.{part}"
        yield "final_norm.weight", "model.norm.weight"
        if not model["tie_output"]:
            yield "output.weight", "lm_head.weight"

    def _fused(self, model):
        """[(ours, (q, k, v))] of each layer."""
        for layer in range(model["layers"]):
            for part in ("weight", "bias") if model["attention_bias"] else ("weight",):
                theirs = [f"model.layers.{layer}.self_attn.{which}_proj.{part}" for which in "qkv"]
                yield f"blocks.{layer}.attention.qkv.{part}", theirs

    def to_hugging_face(self, model, weights):
        tensors = {theirs: weights[ours] for ours, theirs in self._names(model)}
        kv_width = model["width"] // model["heads"] * model["kv_heads"]
        for ours, theirs in self._fused(model):
            tensors |= zip(theirs, numpy.split(weights[ours], [model["width"], model["width"] + kv_width]))
        return tensors

    def from_hugging_face(self, model, tensors):
        tensors = dict(tensors)
        taken = {ours: tensors.pop(theirs) for ours, theirs in self._names(model)}
        for ours, theirs in self._fused(model):
            taken[ours] = numpy.concatenate([tensors.pop(name) for name in theirs])
        if model["tie_output"]:
            tensors.pop("lm_head.weight", None)
        return taken, [name for name in tensors if not name.endswith("rotary_emb.inv_freq")]


FAMILIES = [Gpt2(), Llama()]
