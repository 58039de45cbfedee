// Rules that look at one element at a time: one pass over weights, gradients and states.
#include <ATen/ATen.h>

#include <cmath>
#include <cstdlib>

#include "trainer_core/optim/cuda/device_update.h"
#include "trainer_core/optim/element_kernels.h"
#include "trainer_core/optim/rule.h"
#include "trainer_core/rules/update.h"

namespace optfleet::trainer {
namespace {

using spec::OptimizerKind;
using spec::OptimizerSpec;

rules::PlainSgd MakePlainSgd(const OptimizerSpec&, const RuleStep& step) {
  return {F(step.rate), F(step.shrink), F(step.coupled)};
}

rules::MomentumSgd MakeMomentumSgd(const OptimizerSpec& spec, const RuleStep& step) {
  const bool first = step.updates == 1;
  const float from_gradient = spec.nesterov ? 1.0f : 0.0f;
  const float from_momentum = spec.nesterov ? F(spec.momentum) : 1.0f;
  return {F(step.rate),
          F(step.shrink),
          F(step.coupled),
          first ? 0.0f : F(spec.momentum),
          first ? 1.0f : F(1 - spec.dampening),
          from_gradient,
          from_momentum};
}

rules::MomentumSgd MakeEmaSgd(const OptimizerSpec& spec, const RuleStep& step) {
  const double rate = step.rate / Correction(spec.momentum, step.updates);
  return {F(rate), F(step.shrink), F(step.coupled), F(spec.momentum), F(1 - spec.momentum), 0.0f, 1.0f};
}

rules::Lion MakeSignum(const OptimizerSpec& spec, const RuleStep& step) {
  return {F(step.rate), F(step.shrink), F(spec.beta1), F(1 - spec.beta1), F(spec.beta1), F(1 - spec.beta1)};
}

rules::AdEmaMix MakeAdEmaMix(const OptimizerSpec& spec, const RuleStep& step) {
  return {F(step.rate),
          F(step.shrink),
          F(1 - spec.beta1),
          F(spec.beta2),
          F(1 - spec.beta2),
          F(1 - spec::SlowDecayAt(spec, step.mixture_share)),
          F(1 / Correction(spec.beta1, step.updates)),
          F(spec.mixture * step.mixture_share),
          F(1 / std::sqrt(Correction(spec.beta2, step.updates))),
          F(spec.epsilon)};
}

double YStep(double inertia, const RuleStep& step) {
  return step.rate * (inertia * (1 - step.average_share) - 1);
}

rules::ScheduleFreeSgd MakeScheduleFreeSgd(const OptimizerSpec& spec, const RuleStep& step) {
  return {F(step.rate), F(step.coupled), F(step.average_share), F(YStep(spec.momentum, step))};
}

rules::ScheduleFreeAdamW MakeScheduleFreeAdamW(const OptimizerSpec& spec, const RuleStep& step) {
  return {F(step.rate),
          F(step.coupled),
          F(spec.beta2),
          F(1 - spec.beta2),
          F(1 / std::sqrt(Correction(spec.beta2, step.updates))),
          F(spec.epsilon),
          F(step.average_share),
          F(YStep(spec.beta1, step))};
}

rules::Sophia MakeSophia(const OptimizerSpec& spec, const RuleStep& step) {
  return {F(step.rate), F(step.shrink), F(1 - spec.beta1), F(spec.rho * step.batch_tokens)};
}

template <class Kernel>
using MakeKernel = Kernel (*)(const OptimizerSpec&, const RuleStep&);

// Weight, gradient and states are of one type.
template <class Number, class Kernel>
void UpdatePiece(const Kernel& kernel, const rules::GradientTransform& transform, const Item& item,
                 int64_t begin, int64_t size) {
  rules::Elements<Number, Number> elements{
      NumbersOf<Number>(item.weight) + begin, NumbersOf<Number>(item.weight.grad()) + begin, {}, size};
  for (size_t i = 0; i < Kernel::kStates; ++i) elements.states[i] = NumbersOf<Number>(item.states[i]) + begin;
  rules::Update(kernel, transform, elements);
}

template <class Kernel>
void UpdateAll(const Kernel& kernel, const RuleStep& step, const std::vector<Item>& items) {
  if (step.on_device) return UpdateOnDevice(kernel, *step.on_device, items);
  OverElements(items, 1, [&](const Item& item, int64_t begin, int64_t size) {
    if (item.weight.scalar_type() == at::kBFloat16)
      UpdatePiece<rules::BFloat16>(kernel, step.transform, item, begin, size);
    else
      UpdatePiece<float>(kernel, step.transform, item, begin, size);
  });
}

template <class Kernel>
class ElementRule : public Rule {
 public:
  ElementRule(const OptimizerSpec& spec, MakeKernel<Kernel> make) : spec_(spec), make_(make) {}

  void Step(const RuleStep& step, std::vector<Item>& items) override {
    UpdateAll(make_(spec_, step), step, items);
  }

 protected:
  const OptimizerSpec spec_;

 private:
  const MakeKernel<Kernel> make_;
};

class SophiaRule final : public ElementRule<rules::Sophia> {
 public:
  explicit SophiaRule(const OptimizerSpec& spec) : ElementRule(spec, &MakeSophia) {}

  void ObserveCurvature(const RuleStep& step, std::vector<Item>& items) override {
    UpdateAll(rules::SophiaCurvature{F(spec_.beta2), F(1 - spec_.beta2)}, step, items);
  }
};

// Evaluated at x = y + (1 - 1/inertia)(z - y), the average; the first state is z.
template <class Kernel>
class ScheduleFreeRule final : public ElementRule<Kernel> {
 public:
  ScheduleFreeRule(const OptimizerSpec& spec, MakeKernel<Kernel> make, double inertia)
      : ElementRule<Kernel>(spec, make), inertia_(inertia) {}

  bool averages() const override { return true; }
  void ToEvaluationWeights(std::vector<Item>& items) override {
    at::NoGradGuard no_grad;
    for (Item& item : items) item.weight.lerp_(item.states[0], 1 - 1 / inertia_);
  }

 private:
  const double inertia_;
};

}  // namespace

rules::Adam MakeAdam(const OptimizerSpec& spec, const RuleStep& step) {
  return {F(step.rate / Correction(spec.beta1, step.updates)),
          F(step.shrink),
          F(step.coupled),
          F(1 - spec.beta1),
          F(spec.beta2),
          F(1 - spec.beta2),
          F(1 / std::sqrt(Correction(spec.beta2, step.updates))),
          F(spec.epsilon)};
}

rules::Lion MakeLion(const OptimizerSpec& spec, const RuleStep& step) {
  return {F(step.rate), F(step.shrink), F(spec.beta1), F(1 - spec.beta1), F(spec.beta2), F(1 - spec.beta2)};
}

std::unique_ptr<Rule> MakeElementRule(OptimizerKind kind, const OptimizerSpec& spec) {
  switch (kind) {
    case OptimizerKind::kSgd:
      if (spec.momentum == 0) return std::make_unique<ElementRule<rules::PlainSgd>>(spec, &MakePlainSgd);
      return std::make_unique<ElementRule<rules::MomentumSgd>>(spec, &MakeMomentumSgd);
    case OptimizerKind::kEmaSgd:
      return std::make_unique<ElementRule<rules::MomentumSgd>>(spec, &MakeEmaSgd);
    case OptimizerKind::kAdam:
    case OptimizerKind::kAdamW:
      return std::make_unique<ElementRule<rules::Adam>>(spec, &MakeAdam);
    case OptimizerKind::kLion:
      return std::make_unique<ElementRule<rules::Lion>>(spec, &MakeLion);
    case OptimizerKind::kSignum:
      return std::make_unique<ElementRule<rules::Lion>>(spec, &MakeSignum);
    case OptimizerKind::kAdEmaMix:
      return std::make_unique<ElementRule<rules::AdEmaMix>>(spec, &MakeAdEmaMix);
    case OptimizerKind::kSophia:
      return std::make_unique<SophiaRule>(spec);
    case OptimizerKind::kScheduleFreeSgd:
      return std::make_unique<ScheduleFreeRule<rules::ScheduleFreeSgd>>(spec, &MakeScheduleFreeSgd,
                                                                        spec.momentum);
    case OptimizerKind::kScheduleFreeAdamW:
      return std::make_unique<ScheduleFreeRule<rules::ScheduleFreeAdamW>>(spec, &MakeScheduleFreeAdamW,
                                                                          spec.beta1);
    default:
      std::abort();  // a rule of another family
  }
}

}  // namespace optfleet::trainer
