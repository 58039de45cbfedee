"""allenai/OLMo's model under its own names, for one kind of block (sequential), in a few lines of PyTorch.

Written from the description of that model (arXiv 2402.00838, 2407.07972): norms before attention and MLP, one matrix for queries, keys and
values, norms of whole queries and keys, rotary positions by halves; a gated MLP's matrix holds first the values, then what goes through silu.
"""

import torch
import torch.nn.functional as F

CONFIG = {
    "d_model": 48, "n_heads": 4, "n_layers": 3, "mlp_ratio": 4, "activation_type": "gelu", "layer_norm_type": "default",
    "layer_norm_with_affine": True, "attention_layer_norm": True, "rope": True, "weight_tying": False, "include_bias": False,
    "vocab_size": 61, "embedding_size": 64, "max_sequence_length": 32, "block_type": "sequential",
}  # fmt: skip
GATED = {"activation_type": "swiglu", "mlp_hidden_size": 160, "layer_norm_type": "rms", "attention_layer_norm": False, "weight_tying": True}


def draw(config, seed):
    """Weights by name."""
    generator = torch.Generator().manual_seed(seed)
    width = config["d_model"]
    gated = config["activation_type"] == "swiglu"
    inner = config.get("mlp_hidden_size") or config["mlp_ratio"] * width
    drawn = lambda *shape: torch.randn(shape, generator=generator) * shape[-1] ** -0.5
    gain = lambda: 1 + 0.2 * torch.randn(width, generator=generator)
    tensors = {"transformer.wte.weight": drawn(config["embedding_size"], width), "transformer.ln_f.weight": gain()}
    if not config["weight_tying"]:
        tensors["transformer.ff_out.weight"] = drawn(config["embedding_size"], width)
    for layer in range(config["n_layers"]):
        block = f"transformer.blocks.{layer}."
        tensors |= {block + "attn_norm.weight": gain(), block + "ff_norm.weight": gain()}
        if config["attention_layer_norm"]:
            tensors |= {block + "q_norm.weight": gain(), block + "k_norm.weight": gain()}
        tensors |= {block + "att_proj.weight": drawn(3 * width, width), block + "attn_out.weight": drawn(width, width)}
        tensors |= {block + "ff_proj.weight": drawn(inner, width), block + "ff_out.weight": drawn(width, inner // 2 if gated else inner)}
    return tensors


def logits(config, tensors, inputs):
    width, heads = config["d_model"], config["n_heads"]

    def norm(x, name):
        if config["layer_norm_type"] == "rms":
            return F.rms_norm(x, (width,), tensors[name + ".weight"], 1e-5)
        return F.layer_norm(x, (width,), tensors[name + ".weight"], None, 1e-5)

    half = width // heads // 2
    angle = torch.outer(torch.arange(inputs.shape[1]).double(), 10000.0 ** -(torch.arange(half).double() / half)).repeat(1, 2)

    def turn(x):
        first, second = x.chunk(2, -1)
        return x * angle.cos() + torch.cat([-second, first], -1) * angle.sin()

    x = F.embedding(inputs, tensors["transformer.wte.weight"])
    for layer in range(config["n_layers"]):
        block = f"transformer.blocks.{layer}."
        q, k, v = F.linear(norm(x, block + "attn_norm"), tensors[block + "att_proj.weight"]).chunk(3, -1)
        if config["attention_layer_norm"]:
            q, k = norm(q, block + "q_norm"), norm(k, block + "k_norm")
        q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (q, k, v))
        mixed = F.scaled_dot_product_attention(turn(q), turn(k), v, is_causal=True)
        x = x + F.linear(mixed.transpose(1, 2).flatten(2), tensors[block + "attn_out.weight"])
        inner = F.linear(norm(x, block + "ff_norm"), tensors[block + "ff_proj.weight"])
        if config["activation_type"] == "swiglu":
            value, gate = inner.chunk(2, -1)
            inner = F.silu(gate) * value
        else:
            inner = F.gelu(inner)
        x = x + F.linear(inner, tensors[block + "ff_out.weight"])
    head = tensors["transformer.wte.weight"] if config["weight_tying"] else tensors["transformer.ff_out.weight"]
    return F.linear(norm(x, "transformer.ln_f"), head)
