#include <algorithm>

#include "spec/averaging.h"
#include "spec/resolve_run.h"
#include "spec/start_layers.h"

namespace optfleet::spec {
namespace {

bool LooksLikeFingerprint(const std::string& text) {
  const size_t dash = text.find('-');
  return dash == 8 && text.size() > 9 && text.find_first_not_of("0123456789abcdef") == dash &&
         text.find_first_not_of("0123456789", dash + 1) == std::string::npos;
}

void CheckStart(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const StartSpec& start = spec.start;
  if (!start.IsGiven()) return;
  if (start.fingerprint != "any" && !LooksLikeFingerprint(start.fingerprint))
    problems->push_back({"fingerprint_form",
                         {"start.fingerprint"},
                         "`start.fingerprint` " + start.fingerprint + " is none",
                         "write 8 hexadecimal digits, - and the size, as a run's log does, or any"});
  const auto layers = SourceLayers(start.layers, spec.model.layers, int64_t{1} << 20);
  if (!layers)
    problems->push_back({"start_layers",
                         {"start.layers", "model.layers"},
                         "`start.layers` " + layers.error(),
                         "write same, spread, stack, or one layer of the file for each, such as 0-11,6-17"});
  if (start.token_map != kNoFile && start.new_rows == NewRows::kRefuse)
    problems->push_back(
        {"token_map_needs_rows",
         {"start.new_rows", "start.token_map"},
         "`start.token_map` is given, but `start.new_rows` refuses tokens that it does not name",
         "choose init or mean"});
  StartSpec whole;
  whole.weights = start.weights;
  whole.fingerprint = start.fingerprint;
  whole.optimizer = true;
  if (start.optimizer && start != whole)
    problems->push_back({"start_optimizer_whole",
                         {"start.optimizer"},
                         "`start.optimizer` takes the state of the very same parameters, but other keys of "
                         "`start` choose or change them",
                         "leave out include, exclude, strict, layers, new_rows and token_map, or the state"});
}

bool IsScheduleFree(const OptimizerSpec& optimizer) {
  for (int group = 0; group < kParameterGroups; ++group) {
    const OptimizerKind kind = optimizer.KindOf(static_cast<ParameterGroup>(group));
    if (kind == OptimizerKind::kScheduleFreeSgd || kind == OptimizerKind::kScheduleFreeAdamW) return true;
  }
  return false;
}

void CheckAveraging(const TrainingSpec& spec, std::vector<Problem>* problems) {
  const AveragingSpec& averaging = spec.averaging;
  if (!averaging.IsOn()) return;
  if (IsScheduleFree(spec.optimizer))
    problems->push_back({"one_average",
                         {"averaging.kind", "optimizer.name"},
                         "a schedule-free rule trains away from the average that it evaluates, of which "
                         "`averaging.kind` would make another",
                         "leave out `averaging`, or choose another rule"});
  const int64_t steps = spec.budget.steps;
  if (averaging.kind != AverageKind::kTail) {
    const int64_t first =
        (averaging.start_step + averaging.every_steps - 1) / averaging.every_steps * averaging.every_steps;
    if (steps > 0 && first > steps)
      problems->push_back({"average_has_samples",
                           {"averaging.start_step", "averaging.every_steps"},
                           "the average would take its first weights after step " + std::to_string(first) +
                               " of " + std::to_string(steps),
                           "begin earlier"});
  } else if (steps == 0) {
    if (spec.budget.seconds > 0)
      problems->push_back({"tail_of_steps",
                           {"averaging.kind", "budget.seconds"},
                           "the tail of a run that ends by time is not known before",
                           "give the budget in steps, tokens or FLOPs, or average by window"});
  } else if (static_cast<int64_t>(TailSteps(spec).size()) < averaging.samples) {
    problems->push_back({"tail_holds_samples",
                         {"averaging.samples", "averaging.share"},
                         Show("averaging.samples", averaging.samples) + " are more than the last steps hold",
                         "raise `averaging.share` or take fewer"});
  }
}

}  // namespace

void CheckWeights(const TrainingSpec& spec, std::vector<Problem>* problems) {
  CheckStart(spec, problems);
  CheckAveraging(spec, problems);
}

}  // namespace optfleet::spec
