#include "trainer_core/optim/optimizer.h"

#include "trainer_core/optim/rule_set.h"

namespace optfleet::trainer {

Result<std::unique_ptr<Optimizer>> MakeOptimizer(const spec::TrainingSpec& spec,
                                                 std::vector<OptimizedParameter> parameters) {
  for (const OptimizedParameter& parameter : parameters) {
    const spec::OptimizerKind kind = spec.optimizer.KindOf(parameter.what.group);
    if (kind == spec::OptimizerKind::kMuon && parameter.what.shape.size() != 2)
      return Fail(Code::kInvalidArgument, "muon updates matrices, and " + parameter.what.name +
                                              " is none; give its group another rule");
  }
  return std::unique_ptr<Optimizer>(std::make_unique<RuleSet>(spec, std::move(parameters)));
}

}  // namespace optfleet::trainer
