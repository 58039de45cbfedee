"""The trainer's model in plain eager PyTorch: the plainest form that can be checked by eye."""

import math

import torch
import torch.nn.functional as F


class Reference:
    """`spec` is the resolved spec as in job.json; `weights` are fp32 tensors by name, trained in place."""

    def __init__(self, spec, weights):
        self.model = spec["model"]
        self.manual = self.model["attention"] == "manual"
        self.weights = {name: tensor.clone().requires_grad_() for name, tensor in weights.items()}

    def _norm(self, x, name):
        width = self.model["width"]
        gain, bias = self.weights[name + ".weight"], self.weights.get(name + ".bias")
        return F.layer_norm(x, (width,), gain, bias, self.model["norm_epsilon"])

    def _linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights.get(name + ".bias"))

    def _attend(self, x, name):
        batch, length, width = x.shape
        heads = self.model["heads"]
        q, k, v = (
            part.view(batch, length, heads, -1).transpose(1, 2)
            for part in self._linear(x, name + ".qkv").split(width, -1)
        )
        if self.manual:
            scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)
            hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
            mixed = torch.softmax(scores.masked_fill(hidden, -math.inf).float(), -1).to(v.dtype) @ v
        else:
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self._linear(mixed.transpose(1, 2).reshape(batch, length, width), name + ".output")

    def loss(self, inputs, targets):
        """Mean negative log-likelihood in nats."""
        x = F.embedding(inputs, self.weights["token_embedding.weight"])
        x = x + self.weights["position_embedding.weight"][: inputs.shape[1]]
        for layer in range(self.model["layers"]):
            name = f"blocks.{layer}."
            x = x + self._attend(self._norm(x, name + "norm1"), name + "attention")
            up = F.gelu(self._linear(self._norm(x, name + "norm2"), name + "mlp.up"))
            x = x + self._linear(up, name + "mlp.down")
        head = "token_embedding.weight" if self.model["tie_output"] else "output.weight"
        logits = F.linear(self._norm(x, "final_norm"), self.weights[head]).float()
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1))


def make_optimizer(spec, parameters, fused=False):
    """torch.optim's own rule for optimizer.name."""
    options = spec["optimizer"]
    common = {"lr": options["learning_rate"], "weight_decay": options["weight_decay"], "fused": fused}
    if options["name"] == "sgd":
        return torch.optim.SGD(
            parameters,
            momentum=options["momentum"],
            dampening=options["dampening"],
            nesterov=options["nesterov"],
            **common,
        )
    rule = torch.optim.AdamW if options["name"] == "adamw" else torch.optim.Adam
    return rule(parameters, betas=(options["beta1"], options["beta2"]), eps=options["epsilon"], **common)


def learning_rate(spec, step):
    """Linear warm-up, then constant or cosine; `step` from 1."""
    schedule, peak, total = spec["schedule"], spec["optimizer"]["learning_rate"], spec["budget"]["steps"]
    warmup = schedule["warmup"]
    if step <= warmup:
        return peak * step / warmup
    if schedule["name"] == "constant":
        return peak
    ratio = schedule["final_ratio"]
    share = (step - warmup) / (total - warmup)
    return peak * (ratio + (1 - ratio) * (1 + math.cos(math.pi * share)) / 2)
