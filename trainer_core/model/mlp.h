// The part of a block that looks at each position alone.
//   gelu, gelu_tanh, relu: down(f(up(x)));  swiglu (arXiv 2002.05202): down(silu(gate(x)) x up(x))
#pragma once

#include <ATen/core/TensorBody.h>

#include "spec/model_spec.h"

namespace optfleet::trainer {

// Undefined where the kind or the model has none.
struct MlpWeights {
  at::Tensor up, up_bias, gate, gate_bias, down, down_bias;
};

// [..., width] to [..., width].
at::Tensor Mlp(const at::Tensor& input, const MlpWeights& weights, spec::MlpKind kind);

}  // namespace optfleet::trainer
