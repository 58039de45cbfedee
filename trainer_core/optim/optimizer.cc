#include "trainer_core/optim/optimizer.h"

#include "spec/optimizer_names.h"
#include "trainer_core/optim/cuda/device_update.h"
#include "trainer_core/optim/rule_set.h"

namespace optfleet::trainer {

Result<std::unique_ptr<Optimizer>> MakeOptimizer(const spec::TrainingSpec& spec,
                                                 std::vector<OptimizedParameter> parameters) {
  for (const OptimizedParameter& parameter : parameters) {
    const spec::OptimizerKind kind = spec.optimizer.KindOf(parameter.what.group);
    if (kind == spec::OptimizerKind::kMuon && parameter.what.shape.size() != 2)
      return Fail(Code::kInvalidArgument, "muon updates matrices, and " + parameter.what.name +
                                              " is none; give its group another rule");
    if (parameter.weight.is_cuda() && !RunsOnDevice(kind))
      return Fail(Code::kFailedPrecondition, std::string(spec::kOptimizerNames[static_cast<size_t>(kind)]) +
                                                 " does not run on a GPU yet; train this on a CPU slot, or "
                                                 "choose among " +
                                                 RulesOnDevice());
  }
  return std::unique_ptr<Optimizer>(std::make_unique<RuleSet>(spec, std::move(parameters)));
}

}  // namespace optfleet::trainer
