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
    """`folder`: a model and its tokenizer in Hugging Face form."""

    def __init__(self, folder, prefix, length):
        network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.model = HFLM(pretrained=network, tokenizer=tokenizer, prefix_token_id=prefix, max_length=length, batch_size=4, device="cpu")
        self.manager = TaskManager(include_defaults=False)

    def figures(self, task, path):
        declared = declare(task, path)
        found = lm_eval.simple_evaluate(self.model, tasks=[declared], task_manager=self.manager, bootstrap_iters=0, log_samples=False)
        results = found["results"][declared["task"]]
        return {name.removesuffix(",none"): value for name, value in results.items() if isinstance(value, (int, float))}
