#include "spec/influence.h"

#include <algorithm>
#include <array>

namespace optfleet::spec {
namespace {

// A key that is not here may be: a test (tests/spec/influence_test.cc) holds these to what they promise, and
// points of a grid that differ in others only take longer.
constexpr std::array<std::string_view, 31> kNoInfluence{
    "model.rotary_base",
    "model.embedding_dropout",
    "model.attention_dropout",
    "model.residual_dropout",
    "model.init_std",
    "model.norm_epsilon",
    "optimizer.learning_rate",
    "optimizer.groups.embedding.learning_rate",
    "optimizer.groups.position.learning_rate",
    "optimizer.groups.output.learning_rate",
    "optimizer.groups.norm.learning_rate",
    "optimizer.groups.bias.learning_rate",
    "optimizer.groups.attention.learning_rate",
    "optimizer.groups.mlp.learning_rate",
    "optimizer.beta2",
    "optimizer.beta3",
    "optimizer.epsilon",
    "optimizer.mixture",
    "optimizer.averaging_power",
    "optimizer.averaging_rate_power",
    "optimizer.decay_rate",
    "optimizer.clip_threshold",
    "optimizer.epsilon_scale",
    "optimizer.muon_momentum",
    "optimizer.rho",
    "schedule.start_ratio",
    "training.clip_warmup_factor",
    "training.clip_value",
    "training.z_loss",
    "training.seed",
    "averaging.decay",
};

constexpr std::array<std::string_view, 13> kZeroCounts{
    "optimizer.groups.embedding.weight_decay",
    "optimizer.groups.position.weight_decay",
    "optimizer.groups.output.weight_decay",
    "optimizer.groups.norm.weight_decay",
    "optimizer.groups.bias.weight_decay",
    "optimizer.groups.attention.weight_decay",
    "optimizer.groups.mlp.weight_decay",
    "optimizer.momentum",
    "optimizer.dampening",
    "optimizer.beta1",
    "optimizer.weight_decay",
    "schedule.final_ratio",
    "training.clip_norm",
};

template <typename Keys>
bool Has(const Keys& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

Influence InfluenceOf(const Field& field) {
  if (Has(kNoInfluence, field.key)) return Influence::kNone;
  return Has(kZeroCounts, field.key) ? Influence::kZero : Influence::kAny;
}

ValueClass ClassOf(const Value& value) {
  if (std::holds_alternative<std::string>(value)) return ValueClass::kInherits;
  return value == Value(0.0) || value == Value(int64_t{0}) ? ValueClass::kZero : ValueClass::kOther;
}

}  // namespace optfleet::spec
