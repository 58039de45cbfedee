#include "trainer_core/optim/gradient.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "trainer_core/optim/rule.h"
#include "trainer_core/rules/factored.h"

namespace optfleet::trainer {

namespace {

std::vector<at::Tensor> Gradients(const NamedTensors& parameters) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters.size());
  for (const auto& parameter : parameters) gradients.push_back(parameter.tensor.grad());
  return gradients;
}

// In fp64: LibTorch's norm on a CPU sums in fp32 and is off by 4e-3 at 50M elements.
double SumOfSquares(const NamedTensors& parameters) {
  double sum = 0;
  for (const at::Tensor& gradient : Gradients(parameters)) {
    const at::Tensor flat = gradient.view({-1});
    sum += SumOverPieces(gradient.numel(), 1, [&flat](int64_t begin, int64_t size) {
      const at::Tensor piece = flat.slice(0, begin, begin + size).to(at::kFloat);  // fp32: no copy
      return rules::SumSquares(piece.const_data_ptr<float>(), size);
    });
  }
  return sum;
}

}  // namespace

GradientSummary SummarizeGradient(const NamedTensors& parameters) {
  at::NoGradGuard no_grad;
  GradientSummary summary;
  // fp32 on either device, also of gradients in bf16: rules read it, and the scale that follows, as such.
  summary.norm =
      parameters.front().tensor.is_cpu()
          ? at::scalar_tensor(std::sqrt(SumOfSquares(parameters)), at::kFloat)
          : at::linalg_vector_norm(at::stack(at::_foreach_norm(Gradients(parameters), 2, at::kFloat)), 2);
  summary.not_finite = at::isfinite(summary.norm).logical_not().to(at::kFloat);
  return summary;
}

at::Tensor ClippingScale(const GradientSummary& summary, double clip_norm) {
  if (clip_norm <= 0) return at::ones_like(summary.norm);
  return at::clamp_max((summary.norm + 1e-6).reciprocal() * clip_norm, 1.0);
}

void ClearGradient(const NamedTensors& parameters) {
  for (const auto& parameter : parameters) parameter.tensor.mutable_grad().reset();
}

}  // namespace optfleet::trainer
