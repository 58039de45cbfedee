#include <algorithm>

#include "spec/optimizer_names.h"
#include "spec/parameters.h"
#include "spec/resolve_run.h"

namespace optfleet::spec {
namespace {

void CheckNesterov(const OptimizerSpec& optimizer, std::vector<Problem>* problems) {
  if (!optimizer.nesterov) return;
  if (optimizer.momentum == 0)
    problems->push_back({"nesterov_needs_momentum",
                         {"optimizer.nesterov", "optimizer.momentum"},
                         "`optimizer.nesterov` is on but `optimizer.momentum` is 0",
                         "give a momentum above 0 or turn nesterov off"});
  if (optimizer.dampening != 0)
    problems->push_back({"nesterov_without_dampening",
                         {"optimizer.nesterov", "optimizer.dampening"},
                         "`optimizer.nesterov` is on but `optimizer.dampening` is not 0",
                         "set the dampening to 0 or turn nesterov off"});
}

// The rules of all groups, each once.
std::vector<OptimizerKind> KindsOf(const TrainingSpec& spec) {
  std::vector<OptimizerKind> kinds;
  for (int i = 0; i < kParameterGroups; ++i) {
    const auto group = static_cast<ParameterGroup>(i);
    const OptimizerKind kind = spec.optimizer.KindOf(group);
    const bool is_new = std::find(kinds.begin(), kinds.end(), kind) == kinds.end();
    if (is_new && HasGroup(spec.model, group)) kinds.push_back(kind);
  }
  return kinds;
}

bool IsScheduleFree(OptimizerKind kind) {
  return kind == OptimizerKind::kScheduleFreeSgd || kind == OptimizerKind::kScheduleFreeAdamW;
}

// A decay that is added to the gradient needs a rule that looks at its size.
bool CanCouple(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::kSgd:
    case OptimizerKind::kEmaSgd:
    case OptimizerKind::kAdam:
    case OptimizerKind::kAdamW:
    case OptimizerKind::kAdam8bit:
    case OptimizerKind::kAdamW8bit:
    case OptimizerKind::kNone:
      return true;
    default:
      return IsScheduleFree(kind);
  }
}

// Rules whose state is one number per element and per kind of number, which bf16 can hold, too.
bool IsElementWise(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::kSgd:
    case OptimizerKind::kEmaSgd:
    case OptimizerKind::kAdam:
    case OptimizerKind::kAdamW:
    case OptimizerKind::kLion:
    case OptimizerKind::kSignum:
    case OptimizerKind::kAdEmaMix:
    case OptimizerKind::kSophia:
    case OptimizerKind::kNone:
      return true;
    default:
      return IsScheduleFree(kind);
  }
}

void CheckRule(OptimizerKind kind, const OptimizerSpec& optimizer, std::vector<Problem>* problems) {
  const bool coupled = DecayFormOf(kind, optimizer.decay_form) == DecayForm::kCoupled;
  if (coupled && !CanCouple(kind))
    problems->push_back(
        {"decay_cannot_couple",
         {"optimizer.decay_form", "optimizer.name"},
         "`optimizer.decay_form` is coupled, which only sgd, ema_sgd, adam, adamw, their 8-bit forms "
         "and the schedule-free rules know",
         "leave it out, or use decoupled"});
  if (!coupled && IsScheduleFree(kind))
    problems->push_back({"decay_must_couple",
                         {"optimizer.decay_form", "optimizer.name"},
                         "`optimizer.decay_form` is decoupled, but schedule-free rules decay where they take "
                         "gradients",
                         "leave it out"});
  const bool by_momentum = kind == OptimizerKind::kScheduleFreeSgd;
  if (IsScheduleFree(kind) && (by_momentum ? optimizer.momentum : optimizer.beta1) == 0)
    problems->push_back({"averaging_needs_momentum",
                         {by_momentum ? "optimizer.momentum" : "optimizer.beta1", "optimizer.name"},
                         by_momentum ? "schedule_free_sgd needs an `optimizer.momentum` above 0"
                                     : "schedule_free_adamw needs an `optimizer.beta1` above 0",
                         "0.9 is the paper's"});
}

std::string NameOf(OptimizerKind kind) { return std::string(kOptimizerNames[static_cast<size_t>(kind)]); }

void CheckStates(OptimizerKind kind, const TrainingSpec& spec, std::vector<Problem>* problems) {
  if (spec.training.precision == Precision::kPureBf16 && !IsElementWise(kind))
    problems->push_back(
        {"state_in_bf16",
         {"training.precision", "optimizer.name"},
         "`training.precision` is pure_bf16, but the state of " + NameOf(kind) + " is not kept in bf16",
         "use the precision bf16, or a rule that sees one element at a time, as adamw and lion"});
  const bool waits = kind == OptimizerKind::kAdalayerFrozen || kind == OptimizerKind::kAdalayerPrimed;
  const Length& freeze = spec.schedule.freeze;
  if (waits && (freeze.amount == 0 || freeze.unit != LengthUnit::kSteps))
    problems->push_back({"moments_need_a_freeze",
                         {"schedule.freeze", "optimizer.name"},
                         NameOf(kind) +
                             " measures its second moments until `schedule.freeze` ends, which is " +
                             (freeze.amount == 0 ? "0" : "a share of an unknown number of steps"),
                         "give a freeze, and a budget that is not a time"});
}

// A fused projection is cut into three equal parts.
void CheckSplit(OptimizerKind kind, const TrainingSpec& spec, std::vector<Problem>* problems) {
  const bool splits = kind == OptimizerKind::kAdalayer || kind == OptimizerKind::kAdalayerFrozen ||
                      kind == OptimizerKind::kAdalayerPrimed || kind == OptimizerKind::kMuon;
  if (!splits || !spec.optimizer.split_qkv || spec.model.key_value_heads() == spec.model.heads) return;
  problems->push_back({"split_qkv_into_equal_parts",
                       {"optimizer.split_qkv", "model.kv_heads"},
                       "`optimizer.split_qkv` needs queries, keys and values of one size, but " +
                           Show("model.kv_heads", spec.model.kv_heads) + " is not `model.heads`",
                       "turn it off, or leave `model.kv_heads` out"});
}

// Muon's step is made of a matrix.
void CheckMuon(const OptimizerSpec& optimizer, std::vector<Problem>* problems) {
  for (const auto& [group, key] : {std::pair(ParameterGroup::kNorm, "optimizer.groups.norm.name"),
                                   std::pair(ParameterGroup::kBias, "optimizer.groups.bias.name")}) {
    if (optimizer.Of(group).name != OptimizerKind::kMuon) continue;
    problems->push_back({"muon_needs_matrices",
                         {key},
                         "`" + std::string(key) + "` is muon, which updates matrices only",
                         "leave it out for adamw, or name another rule"});
  }
}

}  // namespace

void CheckOptimizer(const TrainingSpec& spec, std::vector<Problem>* problems) {
  CheckNesterov(spec.optimizer, problems);
  CheckMuon(spec.optimizer, problems);
  for (const OptimizerKind kind : KindsOf(spec)) {
    CheckRule(kind, spec.optimizer, problems);
    CheckStates(kind, spec, problems);
    CheckSplit(kind, spec, problems);
  }
}

}  // namespace optfleet::spec
