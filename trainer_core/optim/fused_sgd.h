// On GPUs, by the kernel of LibTorch: many tensors a launch, and no figure of a step crosses to the host.
// Stochastic gradient descent with momentum, as torch.optim.SGD (Sutskever et al. 2013 for the Nesterov
// form).
//   g <- g + decay w;   b <- momentum b + (1 - dampening) g  (b = g at the first update)
//   w <- w - lr b,  or with nesterov  w <- w - lr (g + momentum b)
// State: b, fp32, the shape of w (4 bytes a parameter); none without momentum.
#pragma once

#include <vector>

#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {

class FusedSgd final : public Optimizer {
 public:
  FusedSgd(const spec::OptimizerSpec& spec, NamedTensors parameters);
  void Step(const UpdateContext& context) override;
  NamedTensors State() override;

 private:
  const spec::OptimizerSpec spec_;
  const NamedTensors parameters_;
  std::vector<at::Tensor> weights_, momenta_;
  at::Tensor updates_;       // updates that were applied
  bool any_update_ = false;  // updates_ > 0 is known; until then each step asks the device
};

}  // namespace optfleet::trainer
