#include "trainer_core/model/mlp.h"

#include <ATen/ATen.h>

namespace optfleet::trainer {
namespace {

at::Tensor Activated(const at::Tensor& up, const at::Tensor& input, const MlpWeights& weights,
                     spec::MlpKind kind) {
  switch (kind) {
    case spec::MlpKind::kGelu:
      return at::gelu(up);
    case spec::MlpKind::kGeluTanh:
      return at::gelu(up, "tanh");
    case spec::MlpKind::kRelu:
      return at::relu(up);
    case spec::MlpKind::kSwiglu:
      return at::silu(at::linear(input, weights.gate, weights.gate_bias)) * up;
  }
  return up;
}

}  // namespace

at::Tensor Mlp(const at::Tensor& input, const MlpWeights& weights, spec::MlpKind kind) {
  const at::Tensor up = at::linear(input, weights.up, weights.up_bias);
  return at::linear(Activated(up, input, weights, kind), weights.down, weights.down_bias);
}

}  // namespace optfleet::trainer
