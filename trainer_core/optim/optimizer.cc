#include "trainer_core/optim/optimizer.h"

#include "trainer_core/optim/fused.h"
#include "trainer_core/optim/rule_set.h"

namespace optfleet::trainer {

Result<std::unique_ptr<Optimizer>> MakeOptimizer(const spec::OptimizerSpec& spec,
                                                 std::vector<OptimizedParameter> parameters) {
  if (!parameters.front().weight.is_cuda())
    return std::unique_ptr<Optimizer>(std::make_unique<RuleSet>(spec, std::move(parameters)));
  return MakeFusedOptimizer(spec, parameters);
}

}  // namespace optfleet::trainer
