"""lm-evaluation-harness on a model of ours, on local files, without a network.

Tasks are the harness's own: their YAML files as installed, with a local file in the place of the data set. What we have besides (text8, enwik8)
is declared with the same functions that its wikitext task uses by default.
"""

import pathlib

import lm_eval
import torch
import transformers
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

OWN = {"lambada": "lambada/lambada_openai.yaml", "piqa": "piqa/piqa.yaml", "wikitext2": "wikitext/wikitext.yaml"}
WHOLE_FILE = {
    "output_type": "loglikelihood_rolling",
    "doc_to_text": "",
    "doc_to_target": "text",
    "metric_list": [{"metric": name} for name in ("word_perplexity", "byte_perplexity", "bits_per_byte")],
}


def gpt2_of(model, weights):
    """The model that has these weights, as `transformers` computes it. `model`: the group of that name in a spec."""
    config = transformers.GPT2Config(
        vocab_size=model["vocab_size"],
        n_positions=model["context"],
        n_embd=model["width"],
        n_layer=model["layers"],
        n_head=model["heads"],
        n_inner=model["mlp_width"],
        activation_function="gelu",
        layer_norm_epsilon=model["norm_epsilon"],
        bos_token_id=None,
        eos_token_id=None,
    )
    parts = {"norm1": "ln_1", "attention.qkv": "attn.c_attn", "attention.output": "attn.c_proj", "norm2": "ln_2"}
    parts |= {"mlp.up": "mlp.c_fc", "mlp.down": "mlp.c_proj"}
    named = {"token_embedding.weight": "wte.weight", "position_embedding.weight": "wpe.weight"}
    named |= {f"final_norm.{kind}": f"ln_f.{kind}" for kind in ("weight", "bias")}
    for layer in range(model["layers"]):
        for ours, theirs in parts.items():
            named |= {f"blocks.{layer}.{ours}.{kind}": f"h.{layer}.{theirs}.{kind}" for kind in ("weight", "bias")}
    state = {}
    for ours, theirs in named.items():
        # Linear layers of a block have their matrix the other way round.
        turned = ".h." in f".{theirs}" and weights[ours].dim() == 2
        state[theirs] = weights[ours].T.contiguous() if turned else weights[ours]
    network = transformers.GPT2LMHeadModel(config)
    missing, unexpected = network.transformer.load_state_dict(state, strict=False)
    assert not unexpected and all(name.endswith((".attn.bias", ".attn.masked_bias")) for name in missing), (missing, unexpected)
    network.tie_weights()
    return network.eval()


def declare(task, path):
    """The task's own declaration, reading `path`: JSON lines."""
    if task in OWN:
        folder = pathlib.Path(lm_eval.__file__).parent / "tasks"
        declared = load_yaml(folder / OWN[task])
    else:
        declared = dict(WHOLE_FILE)
    for key in ("tag", "dataset_name", "training_split", "validation_split", "should_decontaminate", "doc_to_decontamination_query"):
        declared.pop(key, None)
    files = {"data_files": {"test": str(path)}, "cache_dir": str(path.parent / "datasets")}
    return declared | {"task": f"local_{task}", "dataset_path": "json", "dataset_kwargs": files, "test_split": "test"}


class Harness:
    def __init__(self, network, tokenizer, prefix, length):
        torch.manual_seed(0)
        self.model = HFLM(pretrained=network, tokenizer=tokenizer, prefix_token_id=prefix, max_length=length, batch_size=4, device="cpu")
        self.manager = TaskManager(include_defaults=False)

    def figures(self, task, path):
        declared = declare(task, path)
        found = lm_eval.simple_evaluate(self.model, tasks=[declared], task_manager=self.manager, bootstrap_iters=0, log_samples=False)
        results = found["results"][declared["task"]]
        return {name.removesuffix(",none"): value for name, value in results.items() if isinstance(value, (int, float))}
