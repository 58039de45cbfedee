// On GPUs, by the kernel of LibTorch: many tensors a launch, and no figure of a step crosses to the host.
// Adam (arXiv 1412.6980) and AdamW (arXiv 1711.05101), as torch.optim.
//   Adam:  g <- g + decay w          AdamW:  w <- (1 - lr decay) w
//   m <- b1 m + (1-b1) g;   v <- b2 v + (1-b2) g^2
//   w <- w - lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + epsilon)
// State: m and v, fp32, the shape of w (8 bytes a parameter), and one step count t for all.
#pragma once

#include <vector>

#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {

class FusedAdam final : public Optimizer {
 public:
  FusedAdam(const spec::OptimizerSpec& spec, NamedTensors parameters);
  void Step(const UpdateContext& context) override;
  NamedTensors State() override;

 private:
  const spec::OptimizerSpec spec_;
  const NamedTensors parameters_;
  std::vector<at::Tensor> weights_, first_moments_, second_moments_;
  at::Tensor updates_;  // t: updates that were applied
};

}  // namespace optfleet::trainer
