// Steps in LibTorch's operations for weights on a GPU, where only the device knows whether the gradient is
// finite.
//
// A rule computes on a gradient that is zero where it is not finite, so that no decomposition meets a NaN,
// and afterwards everything it changed goes back to what it was. Nothing waits for the device. Works on any
// device, the host's memory included. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <vector>

#include "trainer_core/optim/rule.h"

namespace optfleet::trainer {

class LeftOut {
 public:
  // Copies the item's weight and states; both arguments outlive this.
  LeftOut(const rules::cuda::DeviceGradient& gradient, const Item& item);

  // Of the item: scaled and bounded; zeros where the update is left out.
  at::Tensor Gradient() const;
  // Puts weight and states back where the update is left out.
  void Settle() const;

 private:
  at::Tensor ScalarAt(const float* figure) const;

  const rules::cuda::DeviceGradient& gradient_;
  const Item& item_;
  std::vector<at::Tensor> before_;  // weight, then states
};

}  // namespace optfleet::trainer
