"""The transformer of a spec in float64, as plain functions: the reference that `opt-trainer probe` is held against.

Written from the formulas of docs/numerics.md and the papers named below, not from the C++ code. `model` is the group `model` of a
resolved spec; `weights` are tensors by name. A part that a model lacks (a bias, a gate) is a name that is not there.
"""

import math

import torch

SQRT_2 = math.sqrt(2.0)


def parameters(model):
    """[(name, shape)] in the order of the checkpoint format."""
    width, inner = model["width"], model["mlp_width"]
    head_width = width // model["heads"]
    kv_width = head_width * (model.get("kv_heads") or model["heads"])
    listed = []

    def norm(name):
        listed.append((name + ".weight", (width,)))
        if model["norm_bias"]:
            listed.append((name + ".bias", (width,)))

    def linear(name, outputs, inputs, bias):
        listed.append((name + ".weight", (outputs, inputs)))
        if bias:
            listed.append((name + ".bias", (outputs,)))

    listed.append(("token_embedding.weight", (model["rows"], width)))
    if model["position"] == "learned":
        listed.append(("position_embedding.weight", (model["context"], width)))
    for layer in range(model["layers"]):
        block = f"blocks.{layer}."
        norm(block + "norm1")
        linear(block + "attention.qkv", width + 2 * kv_width, width, model["attention_bias"])
        if model["qk_norm"]:
            listed.append((block + "attention.q_norm.weight", (width,)))
            listed.append((block + "attention.k_norm.weight", (kv_width,)))
        linear(block + "attention.output", width, width, model["attention_bias"])
        norm(block + "norm2")
        linear(block + "mlp.up", inner, width, model["mlp_bias"])
        if model["mlp"] == "swiglu":
            linear(block + "mlp.gate", inner, width, model["mlp_bias"])
        linear(block + "mlp.down", width, inner, model["mlp_bias"])
        if model["residual"] == "weighted":
            listed.append((block + "residual_mix.weight", (layer + 1,)))
    if model["final_norm"]:
        norm("final_norm")
    if not model["tie_output"]:
        listed.append(("output.weight", (model["rows"], width)))
    if model["output_bias"]:
        listed.append(("output.bias", (model["rows"],)))
    return listed


def normalize(model, weights, x, name):
    """LayerNorm (arXiv 1607.06450) or RMSNorm (1910.07467), over the last dimension."""
    if model["norm"] == "layernorm":
        x = x - x.mean(-1, keepdim=True)
    x = x / torch.sqrt((x * x).mean(-1, keepdim=True) + model["norm_epsilon"])
    x = x * weights[name + ".weight"]
    return x + weights[name + ".bias"] if name + ".bias" in weights else x


def linear(weights, x, name):
    x = x @ weights[name + ".weight"].T
    return x + weights[name + ".bias"] if name + ".bias" in weights else x


def sinusoids(length, width):
    """[length, width]: sine at even, cosine at odd places (arXiv 1706.03762, 3.5)."""
    table = torch.zeros(length, width, dtype=torch.float64)
    for place in range(width):
        angle = torch.arange(length, dtype=torch.float64) / 10000.0 ** ((place - place % 2) / width)
        table[:, place] = torch.sin(angle) if place % 2 == 0 else torch.cos(angle)
    return table


def rotate(x, base):
    """Rotary positions (arXiv 2104.09864) on [..., length, head width]: pairs (i, i + half) as in GPT-NeoX and Llama."""
    length, half = x.shape[-2], x.shape[-1] // 2
    frequency = base ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * torch.cos(angle) - second * torch.sin(angle), second * torch.cos(angle) + first * torch.sin(angle)], -1)


def slopes(heads):
    """ALiBi (arXiv 2108.12409); beyond a power of two every other slope of twice as many heads, from the first."""
    power = 2 ** int(math.log2(heads))
    of_power = [2.0 ** (-8.0 * (k + 1) / power) for k in range(power)]
    between = [2.0 ** (-4.0 * (k + 1) / power) for k in range(0, 2 * (heads - power), 2)]
    return torch.tensor(of_power + between, dtype=torch.float64)


def attend(model, weights, x, name):
    batch, length, width = x.shape
    heads, kv_heads = model["heads"], model.get("kv_heads") or model["heads"]
    head_width = width // heads
    q, k, v = linear(weights, x, name + ".qkv").split([width, kv_heads * head_width, kv_heads * head_width], -1)
    if model["qk_norm"]:
        q = normalize(model, weights, q, name + ".q_norm")
        k = normalize(model, weights, k, name + ".k_norm")
    q = q.view(batch, length, heads, head_width).transpose(1, 2)
    k = k.view(batch, length, kv_heads, head_width).transpose(1, 2)
    v = v.view(batch, length, kv_heads, head_width).transpose(1, 2)
    if model["position"] == "rotary":
        q, k = rotate(q, model["rotary_base"]), rotate(k, model["rotary_base"])
    # Query head h reads the key and value head h // (heads / kv_heads).
    of_query = torch.arange(heads) // (heads // kv_heads)
    k, v = k[:, of_query], v[:, of_query]
    scores = q @ k.transpose(-2, -1) / math.sqrt(head_width)
    place = torch.arange(length)
    if model["position"] == "alibi":
        scores = scores - slopes(heads)[:, None, None] * (place[:, None] - place[None, :])
    scores = scores.masked_fill(place[None, :] > place[:, None], -math.inf)
    mixed = torch.softmax(scores, -1) @ v
    return linear(weights, mixed.transpose(1, 2).reshape(batch, length, width), name + ".output")


def feed_forward(model, weights, x, name):
    up = linear(weights, x, name + ".up")
    kind = model["mlp"]
    if kind == "swiglu":  # arXiv 2002.05202
        gate = linear(weights, x, name + ".gate")
        inner = gate * torch.sigmoid(gate) * up
    elif kind == "relu":
        inner = up.clamp(min=0)
    elif kind == "gelu":  # arXiv 1606.08415, exact
        inner = up * 0.5 * (1 + torch.erf(up / SQRT_2))
    else:  # its approximation by tanh, as in GPT-2
        inner = up * 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (up + 0.044715 * up**3)))
    return linear(weights, inner, name + ".down")


def sublayer(model, weights, x, norm, function, name):
    if model["norm_placement"] == "post":
        return normalize(model, weights, x + function(model, weights, x, name), norm)
    return x + function(model, weights, normalize(model, weights, x, norm), name)


def logits(model, weights, inputs):
    """[sequences, length, rows of the output matrix]."""
    x = weights["token_embedding.weight"][inputs]
    length = inputs.shape[1]
    if model["position"] == "learned":
        x = x + weights["position_embedding.weight"][:length]
    elif model["position"] == "sinusoidal":
        x = x + sinusoids(length, model["width"])
    outputs = [x]  # of the embedding and every block
    for layer in range(model["layers"]):
        block = f"blocks.{layer}."
        if model["residual"] == "weighted":  # arXiv 2311.02265: a block reads a learned mix of all before it
            share = torch.softmax(weights[block + "residual_mix.weight"], 0)
            x = sum(share[i] * output for i, output in enumerate(outputs))
            # The mix stands for the residual: as in the authors' code, attention has none of its own.
            x = attend(model, weights, normalize(model, weights, x, block + "norm1"), block + "attention")
        else:
            x = sublayer(model, weights, x, block + "norm1", attend, block + "attention")
        x = sublayer(model, weights, x, block + "norm2", feed_forward, block + "mlp")
        outputs.append(x)
    if model["final_norm"]:
        x = normalize(model, weights, x, "final_norm")
    head = weights["token_embedding.weight" if model["tie_output"] else "output.weight"]
    scores = x @ head.T
    return scores + weights["output.bias"] if "output.bias" in weights else scores


def probe(model, weights, inputs, targets, z_loss):
    """What `opt-trainer probe` writes, from weights of any type: {"logits", "loss", "z_loss", gradients by name}."""
    wide = {name: tensor.double().requires_grad_() for name, tensor in weights.items()}
    scores = logits(model, wide, inputs)
    normalizer = torch.logsumexp(scores, -1)
    loss = (normalizer - scores.gather(-1, targets[..., None])[..., 0]).mean()
    z = z_loss * (normalizer**2).mean()
    (loss + z).backward()
    found = {"logits": scores.detach(), "loss": loss.detach(), "z_loss": z.detach()}
    for name, tensor in wide.items():
        found[name] = torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
    return found
