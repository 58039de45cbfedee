#include "spec/resolve.h"

#include <algorithm>

#include "spec/fields.h"
#include "spec/resolve_run.h"

namespace optfleet::spec {
namespace {

constexpr int64_t kByteValues = 256;

void FillModelAndBatch(TrainingSpec* spec) {
  if (spec->model.mlp_width == 0) spec->model.mlp_width = 4 * spec->model.width;
  if (spec->model.context == 0) spec->model.context = spec->data.sequence_length;
  if (spec->training.micro_batch == 0) spec->training.micro_batch = spec->training.batch_size;
}

// In the order of the table, as a use may depend on keys further up.
void ResetUnused(TrainingSpec* spec) {
  static const TrainingSpec defaults;
  for (const Field& field : Fields())
    if (!IsUsed(field, *spec)) field.set(*spec, field.get(defaults));
  const int64_t steps = spec->budget.steps;
  if (steps > 0 && spec->evaluation.every_steps >= steps) spec->evaluation.every_steps = 0;
}

void CheckModel(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const ModelSpec& model = spec.model;
  if (model.width % model.heads != 0)
    problems->push_back(
        {"heads_divide_width",
         {"model.heads", "model.width"},
         Show("model.width", model.width) + " is not a multiple of " + Show("model.heads", model.heads),
         "choose a number of heads that divides the width"});
  if (model.context < spec.data.sequence_length)
    problems->push_back({"context_covers_sequence",
                         {"model.context", "data.sequence_length"},
                         Show("model.context", model.context) + " is shorter than " +
                             Show("data.sequence_length", spec.data.sequence_length),
                         "raise the context, or leave it out to take the sequence length"});
  if (model.vocab_size < kByteValues)
    problems->push_back({"vocabulary_holds_bytes",
                         {"model.vocab_size"},
                         Show("model.vocab_size", model.vocab_size) +
                             " is less than the 256 values of a byte, as which `data.path` is read",
                         "use 256 or more"});
  if (spec.training.recompute_every > model.layers)
    problems->push_back({"recompute_within_layers",
                         {"training.recompute_every", "model.layers"},
                         Show("training.recompute_every", spec.training.recompute_every) + " is more than " +
                             Show("model.layers", model.layers),
                         "use 0 for no recomputation, or at most the number of layers"});
}

void CheckBatch(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const TrainingOptions& training = spec.training;
  if (training.batch_size % training.micro_batch != 0)
    problems->push_back({"micro_batch_divides_batch",
                         {"training.micro_batch", "training.batch_size"},
                         Show("training.batch_size", training.batch_size) + " is not a multiple of " +
                             Show("training.micro_batch", training.micro_batch),
                         "choose a micro batch that divides the batch"});
  if (spec.data.path.empty())
    problems->push_back(
        {"data_is_given", {"data.path"}, "`data.path` is missing", "name the text file to train on"});
}

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
std::vector<OptimizerKind> KindsOf(const OptimizerSpec& optimizer) {
  std::vector<OptimizerKind> kinds{optimizer.name};
  for (const GroupSpec& group : optimizer.groups)
    if (group.name && std::find(kinds.begin(), kinds.end(), *group.name) == kinds.end())
      kinds.push_back(*group.name);
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

void CheckRule(OptimizerKind kind, const OptimizerSpec& optimizer, std::vector<Problem>* problems) {
  const bool coupled = DecayFormOf(kind, optimizer.decay_form) == DecayForm::kCoupled;
  const std::vector<std::string_view> keys{"optimizer.decay_form", "optimizer.name"};
  if (coupled && !CanCouple(kind))
    problems->push_back(
        {"decay_cannot_couple", keys,
         "`optimizer.decay_form` is coupled, which only sgd, ema_sgd, adam, adamw, their 8-bit forms "
         "and the schedule-free rules know",
         "leave it out, or use decoupled"});
  if (!coupled && IsScheduleFree(kind))
    problems->push_back({"decay_must_couple", keys,
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

void CheckOptimizer(const OptimizerSpec& optimizer, std::vector<Problem>* problems) {
  CheckNesterov(optimizer, problems);
  for (const OptimizerKind kind : KindsOf(optimizer)) CheckRule(kind, optimizer, problems);
}

}  // namespace

std::vector<Problem> Resolve(TrainingSpec* spec) {
  std::vector<Problem> problems;
  FillModelAndBatch(spec);
  const bool has_end = ResolveBudget(spec, &problems);
  ResetUnused(spec);
  CheckModel(*spec, &problems);
  CheckBatch(*spec, &problems);
  CheckOptimizer(spec->optimizer, &problems);
  ResolveSchedule(has_end, spec, &problems);
  return problems;
}

}  // namespace optfleet::spec
