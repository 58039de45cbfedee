#include "spec/resolve.h"

#include <algorithm>

#include "spec/fields.h"
#include "spec/key_groups.h"
#include "spec/resolve_run.h"

namespace optfleet::spec {
namespace {

// In the order of the table, as a use may depend on keys further up.
void ResetUnused(TrainingSpec* spec) {
  static const TrainingSpec defaults;
  const auto fields = Fields();
  for (const KeyGroup& group : KeyGroups()) {
    if (group.same(*spec, defaults)) continue;
    for (size_t i = group.begin; i < group.end; ++i) {
      const Field& field = fields[i];
      if (field.use.by == nullptr || field.same(*spec, defaults)) continue;
      if (!IsUsed(field, *spec)) field.set(*spec, field.get(defaults));
    }
  }
  const int64_t steps = spec->budget.steps;
  EvaluationSpec& evaluation = spec->evaluation;
  if (steps > 0 && evaluation.every_steps >= steps) evaluation.every_steps = 0;
  if (evaluation.log_spaced == 1) evaluation.log_spaced = 0;  // the last step alone
  if (evaluation.final_batches == evaluation.batches) evaluation.final_batches.reset();
}

void CheckEvaluation(const TrainingSpec& spec, std::vector<Problem>* problems) {
  if (spec.evaluation.log_spaced == 0 || spec.budget.seconds == 0) return;
  problems->push_back({"log_spaced_needs_steps",
                       {"evaluation.log_spaced", "budget.seconds"},
                       Show("evaluation.log_spaced", spec.evaluation.log_spaced) +
                           " spreads validations over the steps of the run, and a budget of `budget.seconds` "
                           "does not tell how many these are",
                       "validate by `evaluation.every_steps`, or give the budget in steps, tokens or FLOPs"});
}

void CheckBatch(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const TrainingOptions& training = spec.training;
  if (training.batch_size % training.micro_batch != 0)
    problems->push_back({"micro_batch_divides_batch",
                         {"training.micro_batch", "training.batch_size"},
                         Show("training.batch_size", training.batch_size) + " is not a multiple of " +
                             Show("training.micro_batch", training.micro_batch),
                         "choose a micro batch that divides the batch"});
}

}  // namespace

std::vector<Problem> Resolve(TrainingSpec* spec, int64_t devices) {
  std::vector<Problem> problems;
  ResolveModel(spec, &problems);
  if (spec->training.micro_batch == 0) spec->training.micro_batch = spec->training.batch_size;
  FillData(spec);
  const bool has_end = ResolveBudget(devices, spec, &problems);
  ResetUnused(spec);
  CheckModel(*spec, &problems);
  CheckBatch(*spec, &problems);
  CheckEvaluation(*spec, &problems);
  ResolveSchedule(has_end, spec, &problems);
  DropEmptyLengthWarmup(spec);
  CheckData(*spec, &problems);
  CheckOptimizer(*spec, &problems);
  CheckWeights(*spec, &problems);
  return problems;
}

}  // namespace optfleet::spec
