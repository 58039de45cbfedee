#include "trainer_core/optim/left_out.h"

#include <ATen/ATen.h>

#include <cmath>

namespace optfleet::trainer {

LeftOut::LeftOut(const rules::cuda::DeviceGradient& gradient, const Item& item)
    : gradient_(gradient), item_(item), before_{item.weight.detach().clone()} {
  for (const at::Tensor& state : item.states) before_.push_back(state.clone());
}

at::Tensor LeftOut::ScalarAt(const float* figure) const {
  const auto form = at::TensorOptions().dtype(at::kFloat).device(item_.weight.device());
  return at::from_blob(const_cast<float*>(figure), {}, form);  // NOLINT: read only
}

at::Tensor LeftOut::Gradient() const {
  const at::Tensor& given = item_.weight.grad();
  at::Tensor gradient = given * ScalarAt(gradient_.scale);
  if (std::isfinite(gradient_.bound)) gradient = gradient.clamp(-gradient_.bound, gradient_.bound);
  return at::where(ScalarAt(gradient_.not_finite) != 0, at::zeros_like(given), gradient);
}

void LeftOut::Settle() const {
  const at::Tensor left_out = ScalarAt(gradient_.not_finite) != 0;
  const auto settle = [&](const at::Tensor& now, const at::Tensor& before) {
    now.copy_(at::where(left_out, before, now));
  };
  settle(item_.weight.detach(), before_[0]);
  for (size_t i = 0; i < item_.states.size(); ++i) settle(item_.states[i], before_[i + 1]);
}

}  // namespace optfleet::trainer
