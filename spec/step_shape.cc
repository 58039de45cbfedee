#include "spec/step_shape.h"

#include <cmath>

namespace optfleet::spec {
namespace {

double OneIfAny(double value) { return value > 0 ? 1 : 0; }

// Numbers that the update rules multiply by, whatever they are.
void ForgetRates(OptimizerSpec* optimizer) {
  static const OptimizerSpec kUsual;
  optimizer->learning_rate = kUsual.learning_rate;
  optimizer->weight_decay = OneIfAny(optimizer->weight_decay);
  optimizer->momentum = OneIfAny(optimizer->momentum);
  optimizer->dampening = OneIfAny(optimizer->dampening);
  optimizer->mixture_warmup = kUsual.mixture_warmup;
  for (double OptimizerSpec::*rate :
       {&OptimizerSpec::beta1, &OptimizerSpec::beta2, &OptimizerSpec::beta3, &OptimizerSpec::epsilon,
        &OptimizerSpec::mixture, &OptimizerSpec::averaging_power, &OptimizerSpec::averaging_rate_power,
        &OptimizerSpec::decay_rate, &OptimizerSpec::clip_threshold, &OptimizerSpec::epsilon_scale,
        &OptimizerSpec::muon_momentum, &OptimizerSpec::rho})
    optimizer->*rate = kUsual.*rate;
  for (GroupSpec& group : optimizer->groups) {
    group.learning_rate.reset();
    if (group.weight_decay) group.weight_decay = OneIfAny(*group.weight_decay);
  }
}

double Doublings(int64_t a, int64_t b) {
  return std::abs(
      std::log2(static_cast<double>(std::max<int64_t>(a, 1)) / static_cast<double>(std::max<int64_t>(b, 1))));
}

int64_t MicroTokens(const TrainingSpec& spec) {
  return spec.training.micro_batch * spec.data.sequence_length;
}

double ExtentDistance(const TrainingSpec& a, const TrainingSpec& b) {
  const double accumulated = Doublings(a.training.batch_size / std::max<int64_t>(a.training.micro_batch, 1),
                                       b.training.batch_size / std::max<int64_t>(b.training.micro_batch, 1));
  return Doublings(a.model.width, b.model.width) + Doublings(MicroTokens(a), MicroTokens(b)) / 2 +
         Doublings(a.data.sequence_length, b.data.sequence_length) / 2 +
         Doublings(a.model.mlp_width, b.model.mlp_width) / 2 +
         Doublings(a.model.vocab_size, b.model.vocab_size) / 4 +
         Doublings(a.model.layers, b.model.layers) / 4 + accumulated / 4;
}

}  // namespace

TrainingSpec StepShape(TrainingSpec spec) {
  ForgetRates(&spec.optimizer);
  spec.model.preset = ModelPreset::kNone;
  spec.model.tokens_per_parameter = spec.model.rotary_base = 0;
  spec.model.init = InitKind::kNormal;
  spec.model.init_std = spec.model.norm_epsilon = 0;
  for (double ModelSpec::*share :
       {&ModelSpec::embedding_dropout, &ModelSpec::attention_dropout, &ModelSpec::residual_dropout})
    spec.model.*share = OneIfAny(spec.model.*share);
  const Length shorter = spec.data.length_warmup;
  const int64_t length = spec.data.sequence_length, start = spec.data.length_start;
  spec.data = {};
  spec.data.sequence_length = length;
  spec.data.length_warmup = shorter;
  spec.data.length_start = start;
  TrainingOptions& training = spec.training;
  training.seed = 0;
  training.clip_norm = OneIfAny(training.clip_norm);
  training.clip_value = OneIfAny(training.clip_value);
  training.z_loss = OneIfAny(training.z_loss);
  training.clip_warmup = {};
  training.clip_warmup_factor = 0;
  training.on_non_finite = OnNonFinite::kSkip;
  const bool freezes = spec.schedule.freeze.amount > 0;
  spec.schedule = {};
  if (freezes) spec.schedule.freeze.amount = 1;
  spec.budget = {};
  spec.evaluation = {};
  spec.checkpoint = {};
  spec.start = {};
  spec.averaging.decay = 0;
  return spec;
}

double ShapeDistance(const TrainingSpec& a, const TrainingSpec& b) {
  double distance = ExtentDistance(a, b);
  const auto differ = [&](bool different, double by) { distance += different ? by : 0; };
  differ(a.training.precision != b.training.precision, 4);
  differ(a.optimizer.name != b.optimizer.name, 1.5);
  differ(a.model.attention != b.model.attention, 1);
  differ(a.model.mlp != b.model.mlp, 1);
  differ(a.model.position != b.model.position, 0.5);
  differ(a.model.norm != b.model.norm, 1);
  differ(a.model.norm_placement != b.model.norm_placement, 0.25);
  differ(a.model.residual != b.model.residual, 1);
  differ(a.model.qk_norm != b.model.qk_norm, 0.5);
  differ(a.model.tie_output != b.model.tie_output, 0.25);
  differ((a.training.recompute_every > 0) != (b.training.recompute_every > 0), 1);
  differ(a.training.softmax_precision != b.training.softmax_precision, 1);
  differ((a.model.attention_dropout > 0) != (b.model.attention_dropout > 0), 1);
  differ((a.model.residual_dropout > 0) != (b.model.residual_dropout > 0), 0.5);
  differ(!(a.diagnostics == b.diagnostics), 1);
  differ(!(a.averaging == b.averaging), 0.5);
  differ(a.training.tf32 != b.training.tf32, 2);
  return distance;
}

}  // namespace optfleet::spec
