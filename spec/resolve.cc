#include "spec/resolve.h"

#include <algorithm>

namespace optfleet::spec {
namespace {

constexpr int64_t kByteValues = 256;
constexpr int64_t kMostTokens = 1'000'000'000'000'000;  // the range of budget.tokens

// "`key` 12"
std::string Show(std::string_view key, int64_t value) {
  return "`" + std::string(key) + "` " + std::to_string(value);
}

void FillModelAndBatch(TrainingSpec* spec) {
  if (spec->model.mlp_width == 0) spec->model.mlp_width = 4 * spec->model.width;
  if (spec->model.context == 0) spec->model.context = spec->data.sequence_length;
  if (spec->training.micro_batch == 0) spec->training.micro_batch = spec->training.batch_size;
}

void ResetUnused(TrainingSpec* spec) {
  const OptimizerSpec defaults;
  OptimizerSpec& optimizer = spec->optimizer;
  if (optimizer.name == OptimizerKind::kSgd) {
    optimizer.beta1 = defaults.beta1;
    optimizer.beta2 = defaults.beta2;
    optimizer.epsilon = defaults.epsilon;
    if (optimizer.momentum == 0) optimizer.dampening = defaults.dampening;
  } else {
    optimizer.momentum = defaults.momentum;
    optimizer.dampening = defaults.dampening;
    optimizer.nesterov = defaults.nesterov;
  }
  if (spec->schedule.name == ScheduleKind::kConstant) spec->schedule.final_ratio = ScheduleSpec{}.final_ratio;
  if (spec->evaluation.every_steps >= spec->budget.steps) spec->evaluation.every_steps = 0;
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

void CheckOptimizer(const OptimizerSpec& optimizer, std::vector<Problem>* problems) {
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

// Fills both figures of the budget; they are 0 if that is not possible.
void ResolveBudget(TrainingSpec* spec, std::vector<Problem>* problems) {
  BudgetSpec& budget = spec->budget;
  const int64_t step_tokens = spec->training.batch_size * spec->data.sequence_length;  // at most 2^40
  const std::vector<std::string_view> keys{"budget.tokens", "budget.steps"};
  if (budget.steps == 0 && budget.tokens == 0) {
    problems->push_back(
        {"budget_is_given", keys, "neither `budget.steps` nor `budget.tokens` is given", "give one of them"});
    return;
  }
  const bool equal = budget.steps <= kMostTokens / step_tokens && budget.tokens == budget.steps * step_tokens;
  if (budget.steps != 0 && budget.tokens != 0 && !equal) {
    problems->push_back({"one_budget", keys,
                         Show("budget.steps", budget.steps) + " and " + Show("budget.tokens", budget.tokens) +
                             " are both given and differ, as a step has " + std::to_string(step_tokens) +
                             " tokens",
                         "keep one; 0 takes back a value given elsewhere"});
    return;
  }
  if (budget.steps == 0) budget.steps = (budget.tokens - 1) / step_tokens + 1;
  if (budget.steps > kMostTokens / step_tokens) {
    problems->push_back({"budget_too_large", keys,
                         Show("budget.steps", budget.steps) + " of " + std::to_string(step_tokens) +
                             " tokens are more than " + std::to_string(kMostTokens) + " tokens",
                         "lower the budget"});
    return;
  }
  budget.tokens = budget.steps * step_tokens;
}

void CheckSchedule(const TrainingSpec& spec, std::vector<Problem>* problems) {
  if (spec.budget.steps == 0 || spec.schedule.warmup_steps <= spec.budget.steps) return;
  problems->push_back({"warmup_within_budget",
                       {"schedule.warmup_steps", "budget.steps", "budget.tokens"},
                       Show("schedule.warmup_steps", spec.schedule.warmup_steps) + " is more than the " +
                           std::to_string(spec.budget.steps) + " steps of the budget",
                       "shorten the warm-up or raise the budget"});
}

}  // namespace

std::vector<Problem> Resolve(TrainingSpec* spec) {
  std::vector<Problem> problems;
  FillModelAndBatch(spec);
  ResolveBudget(spec, &problems);
  ResetUnused(spec);
  CheckModel(*spec, &problems);
  CheckBatch(*spec, &problems);
  CheckOptimizer(spec->optimizer, &problems);
  CheckSchedule(*spec, &problems);
  return problems;
}

}  // namespace optfleet::spec
