// Update rules. One small file each: formula, state, memory per parameter, its reference.
//
// An optimizer holds references to the parameters and owns its state; weight decay applies to every
// parameter, as in torch.optim. Owned by the training thread.
#pragma once

#include <ATen/core/TensorBody.h>

#include <memory>

#include "spec/training_spec.h"
#include "trainer_core/named_tensor.h"

namespace optfleet::trainer {

struct UpdateContext {
  double learning_rate = 0;
  at::Tensor not_finite;  // fp32 scalar on the device: 1 if the gradient is not finite, and then nothing
                          // changes; 0 otherwise
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // Reads the parameters' .grad, which are all defined.
  virtual void Step(const UpdateContext& context) = 0;

  // Everything a checkpoint needs. The tensors are the live ones: copying into them restores the optimizer.
  // Names are part of the checkpoint format: do not rename.
  virtual NamedTensors State() = 0;
};

// By spec.name; `parameters` must outlive it.
std::unique_ptr<Optimizer> MakeOptimizer(const spec::OptimizerSpec& spec, const NamedTensors& parameters);

}  // namespace optfleet::trainer
