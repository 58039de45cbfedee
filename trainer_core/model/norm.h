// Norms over the last dimension, their statistics in fp32.
//   layernorm (arXiv 1607.06450): (x - mean) / sqrt(variance + epsilon) x gain + bias
//   rmsnorm (arXiv 1910.07467):   x / sqrt(mean(x^2) + epsilon) x gain
#pragma once

#include <ATen/core/TensorBody.h>

#include "spec/model_spec.h"

namespace optfleet::trainer {

struct NormWeights {
  at::Tensor gain;
  at::Tensor bias;  // undefined: none
};

struct NormOptions {
  spec::NormKind kind = spec::NormKind::kLayerNorm;
  double epsilon = 1e-5;
};

// The result has the input's type.
at::Tensor Norm(const at::Tensor& input, const NormWeights& weights, const NormOptions& options);

}  // namespace optfleet::trainer
