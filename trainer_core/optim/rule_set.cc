#include "trainer_core/optim/rule_set.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace optfleet::trainer {
namespace {

using spec::DecayForm;
using spec::OptimizerKind;

std::unique_ptr<Rule> MakeRule(OptimizerKind kind, const spec::OptimizerSpec& spec) {
  switch (kind) {
    case OptimizerKind::kAdafactor:
    case OptimizerKind::kAdafactorMomentum:
    case OptimizerKind::kAdalayer:
    case OptimizerKind::kAdalayerRows:
    case OptimizerKind::kAdalayerFrozen:
    case OptimizerKind::kAdalayerPrimed:
      return MakeFactoredRule(kind, spec);
    case OptimizerKind::kAdam8bit:
    case OptimizerKind::kAdamW8bit:
    case OptimizerKind::kLion8bit:
      return MakeQuantisedRule(kind, spec);
    case OptimizerKind::kMuon:
    case OptimizerKind::kSoap:
      return MakeMatrixRule(kind, spec);
    default:
      return MakeElementRule(kind, spec);
  }
}

bool Decays(spec::DecayOn on, const spec::Parameter& parameter) {
  using spec::ParameterGroup;
  switch (on) {
    case spec::DecayOn::kAll:
      return true;
    case spec::DecayOn::kMatrices:
      return parameter.shape.size() >= 2;
    case spec::DecayOn::kLinear:
      break;
  }
  return parameter.group == ParameterGroup::kAttention || parameter.group == ParameterGroup::kMlp;
}

at::ScalarType TypeOf(spec::StateType type) {
  switch (type) {
    case spec::StateType::kUint8:
      return at::kByte;
    case spec::StateType::kBf16:
      return at::kBFloat16;
    case spec::StateType::kFp32:
      break;
  }
  return at::kFloat;
}

at::Tensor MakeState(const spec::StateTensor& kept, const at::Tensor& weight) {
  const auto type = TypeOf(kept.type);
  at::Tensor state = at::zeros(kept.shape, at::TensorOptions().dtype(type).device(weight.device()));
  if (kept.begins_as_weight) state.copy_(weight.detach());
  return state;
}

at::Tensor ScalarState() { return at::zeros({}, at::kDouble); }

}  // namespace

RuleSet::RuleSet(const spec::TrainingSpec& spec, std::vector<OptimizedParameter> parameters)
    : whole_spec_(spec), spec_(whole_spec_.optimizer), updates_(at::zeros({}, at::kFloat)) {
  for (const OptimizedParameter& parameter : parameters) Add(parameter);
}

RuleSet::Batch& RuleSet::BatchOf(OptimizerKind kind, double peak, double decay) {
  for (Batch& batch : batches_) {
    if (batch.kind == kind && batch.peak == peak && batch.decay == decay) return batch;
  }
  Batch batch{kind, peak, decay, MakeRule(kind, spec_), {}, {}, {}, {}};
  if (batch.rule->averages()) {
    batch.weight_sum = ScalarState();
    batch.largest_rate = ScalarState();
  }
  batches_.push_back(std::move(batch));
  return batches_.back();
}

void RuleSet::Add(const OptimizedParameter& parameter) {
  const auto group = parameter.what.group;
  const OptimizerKind kind = spec_.KindOf(group);
  if (kind == OptimizerKind::kNone) return;
  const double decay = Decays(spec_.decay_on, parameter.what) ? spec_.DecayOf(group) : 0;
  Item item{parameter.what, parameter.weight, spec::StateOf(kind, whole_spec_, parameter.what), {}};
  for (const spec::StateTensor& kept : item.kept) item.states.push_back(MakeState(kept, parameter.weight));
  BatchOf(kind, spec_.PeakOf(group), decay).items.push_back(std::move(item));
}

double RuleSet::ShareInAverage(Batch& batch, double rate, int64_t updates) const {
  const double largest = std::max(batch.largest_rate.item<double>(), rate);
  batch.largest_rate.fill_(largest);
  const double weight = std::pow(static_cast<double>(updates), spec_.averaging_power) *
                        std::pow(largest, spec_.averaging_rate_power);
  batch.weight_sum.add_(weight);
  const double sum = batch.weight_sum.item<double>();
  return sum > 0 ? weight / sum : 0;
}

RuleStep RuleSet::StepOf(Batch& batch, const UpdateContext& context, int64_t updates) const {
  RuleStep step;
  step.updates = updates;
  step.rate = batch.peak * context.factor;
  switch (spec::DecayFormOf(batch.kind, spec_.decay_form)) {
    case DecayForm::kCoupled:
      step.coupled = batch.decay;
      break;
    case DecayForm::kDecoupledByPeak:
      step.shrink = batch.decay * context.factor;
      break;
    default:
      step.shrink = step.rate * batch.decay;
  }
  if (batch.rule->averages()) step.average_share = ShareInAverage(batch, step.rate, updates);
  step.mixture_share = context.mixture_share;
  step.freeze = static_cast<int64_t>(whole_spec_.schedule.freeze.amount);
  step.batch_tokens = static_cast<double>(whole_spec_.training.batch_size * whole_spec_.data.sequence_length);
  step.transform.bound = static_cast<float>(context.gradient_bound);
  if (context.not_finite.is_cuda())
    step.on_device = {context.not_finite.const_data_ptr<float>(),
                      context.gradient_scale.const_data_ptr<float>(), step.transform.bound};
  else
    step.transform.scale = context.gradient_scale.item<float>();
  return step;
}

void RuleSet::Step(const UpdateContext& given) {
  at::NoGradGuard no_grad;
  counts_before_.clear();
  for (const at::Tensor& count : Counts()) counts_before_.push_back(count.item<double>());
  updates_.add_(1);
  // A GPU leaves the update out by itself; to ask it would be to wait for it.
  if (given.not_finite.is_cpu() && given.not_finite.item<float>() != 0) return;
  UpdateContext context = given;
  if (!context.gradient_scale.defined()) context.gradient_scale = at::ones_like(context.not_finite);
  const auto updates = static_cast<int64_t>(updates_.item<float>());
  for (Batch& batch : batches_) batch.rule->Step(StepOf(batch, context, updates), batch.items);
}

void RuleSet::UncountStep() {
  std::vector<at::Tensor> counts = Counts();
  for (size_t i = 0; i < counts.size(); ++i) counts[i].fill_(counts_before_[i]);
}

std::vector<at::Tensor> RuleSet::Counts() const {
  std::vector<at::Tensor> counts{updates_};
  for (const Batch& batch : batches_) {
    if (batch.rule->averages()) counts.insert(counts.end(), {batch.weight_sum, batch.largest_rate});
  }
  return counts;
}

// As algorithm 3 of arXiv 2305.14342: before the first step, and then every so many.
bool RuleSet::WantsCurvature(int64_t step) const {
  const bool any = std::any_of(batches_.begin(), batches_.end(),
                               [](const Batch& batch) { return batch.kind == OptimizerKind::kSophia; });
  return any && (step - 1) % spec_.hessian_interval == 0;
}

void RuleSet::ObserveCurvature(const at::Tensor& not_finite) {
  at::NoGradGuard no_grad;
  RuleStep step;
  const at::Tensor scale = at::ones_like(not_finite);
  if (not_finite.is_cuda())
    step.on_device = {not_finite.const_data_ptr<float>(), scale.const_data_ptr<float>()};
  else if (not_finite.item<float>() != 0)
    return;
  for (Batch& batch : batches_) batch.rule->ObserveCurvature(step, batch.items);
}

NamedTensors RuleSet::State() {
  NamedTensors state{{"updates", updates_}};
  for (Batch& batch : batches_) {
    for (const Item& item : batch.items) {
      for (size_t i = 0; i < item.states.size(); ++i)
        state.push_back({std::string(item.kept[i].name) + "." + item.what.name, item.states[i]});
    }
    if (batch.rule->averages()) {
      // Of the batch, kept under the name of its first parameter.
      state.push_back({"weight_sum." + batch.items.front().what.name, batch.weight_sum});
      state.push_back({"largest_rate." + batch.items.front().what.name, batch.largest_rate});
    }
  }
  return state;
}

void RuleSet::BeginEvaluation() {
  for (Batch& batch : batches_) {
    if (!batch.rule->averages()) continue;
    for (const Item& item : batch.items) batch.training_weights.push_back(item.weight.detach().clone());
    batch.rule->ToEvaluationWeights(batch.items);
  }
}

void RuleSet::EndEvaluation() {
  at::NoGradGuard no_grad;
  for (Batch& batch : batches_) {
    for (size_t i = 0; i < batch.training_weights.size(); ++i)
      batch.items[i].weight.copy_(batch.training_weights[i]);
    batch.training_weights.clear();
  }
}

}  // namespace optfleet::trainer
