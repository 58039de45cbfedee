#include "trainer_core/optim/fused.h"

#include <algorithm>

#include "trainer_core/optim/fused_adam.h"
#include "trainer_core/optim/fused_sgd.h"

namespace optfleet::trainer {

Result<std::unique_ptr<Optimizer>> MakeFusedOptimizer(const spec::OptimizerSpec& spec,
                                                      const std::vector<OptimizedParameter>& parameters) {
  const bool plain = std::none_of(spec.groups.begin(), spec.groups.end(),
                                  [](const auto& group) { return group.IsGiven(); }) &&
                     spec.decay_form == spec::DecayForm::kAuto && spec.decay_on == spec::DecayOn::kAll;
  NamedTensors named;
  for (const OptimizedParameter& parameter : parameters)
    named.push_back({parameter.what.name, parameter.weight});
  if (plain && spec.name == spec::OptimizerKind::kSgd)
    return std::unique_ptr<Optimizer>(std::make_unique<FusedSgd>(spec, std::move(named)));
  if (plain && (spec.name == spec::OptimizerKind::kAdam || spec.name == spec::OptimizerKind::kAdamW))
    return std::unique_ptr<Optimizer>(std::make_unique<FusedAdam>(spec, std::move(named)));
  return Fail(Code::kFailedPrecondition,
              "on a GPU there are sgd, adam and adamw without groups and with their own decay so far; train "
              "this on a "
              "CPU slot");
}

}  // namespace optfleet::trainer
