#include "spec/resolve.h"

#include <algorithm>

#include "spec/fields.h"
#include "spec/resolve_run.h"

namespace optfleet::spec {
namespace {

// In the order of the table, as a use may depend on keys further up.
void ResetUnused(TrainingSpec* spec) {
  static const TrainingSpec defaults;
  for (const Field& field : Fields())
    if (!IsUsed(field, *spec)) field.set(*spec, field.get(defaults));
  const int64_t steps = spec->budget.steps;
  if (steps > 0 && spec->evaluation.every_steps >= steps) spec->evaluation.every_steps = 0;
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

}  // namespace

std::vector<Problem> Resolve(TrainingSpec* spec) {
  std::vector<Problem> problems;
  ResolveModel(spec, &problems);
  if (spec->training.micro_batch == 0) spec->training.micro_batch = spec->training.batch_size;
  const bool has_end = ResolveBudget(spec, &problems);
  ResetUnused(spec);
  CheckModel(*spec, &problems);
  CheckBatch(*spec, &problems);
  ResolveSchedule(has_end, spec, &problems);
  CheckOptimizer(*spec, &problems);
  return problems;
}

}  // namespace optfleet::spec
