// Adam and Lion with states in 8 bits. Small parameters keep fp32 states and go through the element rules.
#include <ATen/ATen.h>

#include "trainer_core/optim/cuda/device_update.h"
#include "trainer_core/optim/element_kernels.h"
#include "trainer_core/rules/quantised.h"

namespace optfleet::trainer {
namespace {

using spec::OptimizerKind;
using spec::OptimizerSpec;

class QuantisedRule final : public Rule {
 public:
  QuantisedRule(OptimizerKind kind, const OptimizerSpec& spec)
      : lion_(kind == OptimizerKind::kLion8bit),
        spec_(spec),
        whole_(MakeElementRule(lion_ ? OptimizerKind::kLion : OptimizerKind::kAdamW, spec)) {}

  void Step(const RuleStep& step, std::vector<Item>& items) override {
    std::vector<Item> small, large;
    for (const Item& item : items)
      (item.kept.front().type == spec::StateType::kUint8 ? large : small).push_back(item);
    whole_->Step(step, small);
    if (step.on_device) return StepOnDevice(step, large);
    OverElements(large, spec_.block_size, [&](const Item& item, int64_t begin, int64_t size) {
      rules::QuantisedElements elements{item.weights() + begin,
                                        item.gradients() + begin,
                                        StateAt(item, 0, begin),
                                        {},
                                        size,
                                        static_cast<int>(spec_.block_size)};
      if (lion_) return rules::Update(MakeLion(spec_, step), step.transform, elements);
      elements.second_moment = StateAt(item, 2, begin);
      rules::Update(MakeAdam(spec_, step), step.transform, elements);
    });
  }

 private:
  void StepOnDevice(const RuleStep& step, const std::vector<Item>& items) {
    const int block = static_cast<int>(spec_.block_size);
    if (lion_) return on_device_.Update(MakeLion(spec_, step), *step.on_device, block, items);
    on_device_.Update(MakeAdam(spec_, step), *step.on_device, block, items);
  }

  // Codes and scales lie one after the other in the list of states.
  rules::QuantisedState StateAt(const Item& item, size_t codes, int64_t begin) const {
    return {item.states[codes].mutable_data_ptr<uint8_t>() + begin,
            item.state(codes + 1) + begin / spec_.block_size};
  }

  const bool lion_;
  const OptimizerSpec spec_;
  const std::unique_ptr<Rule> whole_;
  QuantisedOnDevice on_device_;
};

}  // namespace

std::unique_ptr<Rule> MakeQuantisedRule(OptimizerKind kind, const OptimizerSpec& spec) {
  return std::make_unique<QuantisedRule>(kind, spec);
}

}  // namespace optfleet::trainer
