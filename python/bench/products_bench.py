"""GFLOP/s of fp32 matrix products on this CPU by MKL (torch.mm) and by oneDNN, in turn.

    products_bench.py [--threads 2] [--rounds 7]

The three products of a linear layer: its result, the gradient of its input, the gradient of its weight. Why opt-trainer takes one or
the other: trainer_core/products/matrix_products.h.
"""

import argparse
import json
import statistics
import time

import torch

#          tokens, inputs, outputs of a linear layer
SHAPES = [(4096, 128, 512), (4096, 384, 1536), (1024, 512, 2048), (1024, 512, 512), (1024, 512, 50304)]


def seconds_of(product, times):
    begin = time.perf_counter()
    for _ in range(times):
        product()
    return (time.perf_counter() - begin) / times


def products_of(tokens, inputs, outputs):
    x, weight, slope = torch.randn(tokens, inputs), torch.randn(outputs, inputs), torch.randn(tokens, outputs)
    pairs = {"result": (x, weight.t()), "input": (slope, weight), "weight": (slope.t(), x)}
    onednn = torch.ops.mkldnn._linear_pointwise
    return {
        name: {"mkl": lambda a=a, b=b: torch.mm(a, b), "onednn": lambda a=a, b=b: onednn(a, b.t(), None, "none", [], "")}
        for name, (a, b) in pairs.items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_grad_enabled(False)
    for shape in SHAPES:
        operations = 2 * shape[0] * shape[1] * shape[2]
        for product, kernels in products_of(*shape).items():
            seconds = {name: [] for name in kernels}
            for _ in range(arguments.rounds):
                for name, kernel in kernels.items():
                    kernel()
                    seconds[name].append(seconds_of(kernel, max(1, int(2e9 / operations))))
            rates = {name: round(operations / statistics.median(values) / 1e9) for name, values in seconds.items()}
            ratio = round(rates["onednn"] / rates["mkl"], 2)
            print(json.dumps({"shape": shape, "product": product, **rates, "ratio": ratio, "threads": arguments.threads}), flush=True)


if __name__ == "__main__":
    main()
