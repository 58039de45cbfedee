#include "trainer_core/optim/factored_on_device.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "trainer_core/optim/left_out.h"

namespace optfleet::trainer {
namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();  // the paper's eps1, as torch has it

// Means of squares along a dimension of a matrix; fp64.
at::Tensor MeanSquares(const at::Tensor& matrix, int64_t dimension) {
  return matrix.to(at::kDouble).square().mean(dimension);
}

// Ages `held` (fp32) and returns it in fp64.
at::Tensor Aged(const at::Tensor& held, const at::Tensor& value, double fresh) {
  const at::Tensor old = held.to(at::kDouble);
  held.copy_(old + (value.view(held.sizes()) - old) * fresh);
  return held.to(at::kDouble);
}

at::Tensor Root(const at::Tensor& moment, double correction) {
  return (moment / correction).sqrt().to(at::kFloat);
}

// The root of the second moment, in the shape of `gradient` or one that spreads to it.
at::Tensor SharedRoot(const AgingOfMoments& aging, const at::Tensor& gradient, const Item& item) {
  const at::Tensor rows = Aged(item.states[1], MeanSquares(gradient, 1), aging.fresh);
  if (item.states.size() < 3) return Root(rows.view({-1, 1}), aging.correction);
  const at::Tensor columns = Aged(item.states[2], MeanSquares(gradient, 0), aging.fresh);
  const at::Tensor mean = rows.mean();
  const at::Tensor of_rows = at::where(mean > 0, rows / mean, at::zeros_like(rows));
  return at::outer(Root(of_rows, 1), Root(columns, aging.correction));
}

}  // namespace

void StepSharedMomentOnDevice(const rules::FactoredMomentum& kernel, const AgingOfMoments& aging,
                              const RuleStep& step, Item& item) {
  const LeftOut left_out(*step.on_device, item);
  // Rows of this view share a moment.
  const int64_t rows = item.states[1].numel();
  const at::Tensor gradient = left_out.Gradient().view({rows, -1});
  const at::Tensor momentum = item.states[0].view({rows, -1});
  const at::Tensor root = SharedRoot(aging, gradient, item);
  momentum.add_((gradient - momentum) * kernel.fresh1);
  const at::Tensor weight = item.weight.detach().view({rows, -1});
  weight.sub_(weight * kernel.shrink + momentum / (root + kernel.epsilon) * kernel.step);
  left_out.Settle();
}

void StepAdafactorOnDevice(const spec::OptimizerSpec& spec, double fresh, const RuleStep& step, Item& item) {
  const LeftOut left_out(*step.on_device, item);
  const at::Tensor gradient = left_out.Gradient();
  at::Tensor update;
  if (gradient.dim() < 2) {
    const at::Tensor moment = Aged(item.states[0], gradient.to(at::kDouble).square(), fresh);
    update = gradient / moment.clamp_min(kEpsilon * kEpsilon).sqrt();
  } else {
    const at::Tensor rows = Aged(item.states[0], MeanSquares(gradient, 1), fresh);
    const at::Tensor columns = Aged(item.states[1], MeanSquares(gradient, 0), fresh);
    const at::Tensor row_roots = (rows.mean().clamp_min(kEpsilon) / rows).sqrt().to(at::kFloat);
    const at::Tensor factors = at::outer(row_roots, columns.rsqrt().to(at::kFloat));
    update = gradient * factors.clamp_max(rules::kLargestInverseRoot);
  }
  const at::Tensor weight = item.weight.detach();
  const at::Tensor root_of_weights =
      weight.to(at::kDouble).square().mean().sqrt().clamp_min(spec.epsilon_scale);
  const at::Tensor clip =
      (update.to(at::kDouble).square().mean().sqrt() / spec.clip_threshold).clamp_min(1.0);
  const double rate = std::min(step.rate, 1 / std::sqrt(static_cast<double>(step.updates)));
  const at::Tensor size = (root_of_weights * rate / clip).to(at::kFloat);
  weight.sub_(weight * step.shrink + update.to(at::kFloat) * size);
  left_out.Settle();
}

}  // namespace optfleet::trainer
