#include "trainer_core/optim/gradient.h"

#include <ATen/ATen.h>

#include <vector>

namespace optfleet::trainer {

GradientSummary ClipGradient(const NamedTensors& parameters, double clip_norm) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters.size());
  for (const auto& parameter : parameters) gradients.push_back(parameter.tensor.grad());
  GradientSummary summary;
  summary.norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
  summary.not_finite = at::isfinite(summary.norm).logical_not().to(at::kFloat);
  if (clip_norm > 0) {
    const at::Tensor scale = at::clamp_max((summary.norm + 1e-6).reciprocal() * clip_norm, 1.0);
    at::_foreach_mul_(gradients, scale);
  }
  return summary;
}

void ClearGradient(const NamedTensors& parameters) {
  for (const auto& parameter : parameters) parameter.tensor.mutable_grad().reset();
}

}  // namespace optfleet::trainer
