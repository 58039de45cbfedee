#include "trainer_core/optim/optimizer.h"

#include "trainer_core/optim/fused.h"
#include "trainer_core/optim/rule_set.h"

namespace optfleet::trainer {

Result<std::unique_ptr<Optimizer>> MakeOptimizer(const spec::TrainingSpec& spec,
                                                 std::vector<OptimizedParameter> parameters) {
  for (const OptimizedParameter& parameter : parameters) {
    const bool muon = spec.optimizer.KindOf(parameter.what.group) == spec::OptimizerKind::kMuon;
    if (muon && parameter.what.shape.size() != 2)
      return Fail(Code::kInvalidArgument, "muon updates matrices, and " + parameter.what.name +
                                              " is none; give its group another rule");
  }
  if (!parameters.front().weight.is_cuda())
    return std::unique_ptr<Optimizer>(std::make_unique<RuleSet>(spec, std::move(parameters)));
  return MakeFusedOptimizer(spec.optimizer, parameters);
}

}  // namespace optfleet::trainer
