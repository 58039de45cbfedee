// Optimizers of GPUs.
#pragma once

#include "trainer_core/optim/optimizer.h"

namespace optfleet::trainer {

// FAILED_PRECONDITION for what LibTorch has no kernel for: other rules than sgd, adam and adamw, groups,
// masked or other decays.
Result<std::unique_ptr<Optimizer>> MakeFusedOptimizer(const spec::OptimizerSpec& spec,
                                                      const std::vector<OptimizedParameter>& parameters);

}  // namespace optfleet::trainer
