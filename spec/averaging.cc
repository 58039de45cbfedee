#include "spec/averaging.h"

#include <algorithm>
#include <cmath>

namespace optfleet::spec {
namespace {

int64_t WindowOf(const AveragingSpec& averaging, int64_t step) {
  return averaging.window_steps == 0 ? 0 : (step - averaging.start_step) / averaging.window_steps;
}

}  // namespace

std::vector<int64_t> TailSteps(const TrainingSpec& spec) {
  const AveragingSpec& averaging = spec.averaging;
  const double part =
      averaging.share * static_cast<double>(spec.budget.steps) / static_cast<double>(averaging.samples);
  std::vector<int64_t> steps;
  for (int64_t before_end = averaging.samples - 1; before_end >= 0; --before_end) {
    // Against 19.999...: a share is a decimal fraction that a double does not hold.
    const double behind = std::floor(static_cast<double>(before_end) * part + 1e-6);
    steps.push_back(spec.budget.steps - static_cast<int64_t>(behind));
  }
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

bool IsSampled(const TrainingSpec& spec, int64_t step) {
  const AveragingSpec& averaging = spec.averaging;
  if (averaging.kind == AverageKind::kNone) return false;
  if (averaging.kind != AverageKind::kTail)
    return step >= averaging.start_step && step % averaging.every_steps == 0;
  const auto steps = TailSteps(spec);
  return std::find(steps.begin(), steps.end(), step) != steps.end();
}

double ShareOfSample(const AveragingSpec& averaging, int64_t step, int64_t* samples) {
  const int64_t before = step - averaging.every_steps;
  const bool anew = averaging.kind == AverageKind::kWindow && before >= averaging.start_step &&
                    WindowOf(averaging, before) != WindowOf(averaging, step);
  *samples = anew ? 1 : *samples + 1;
  if (*samples == 1) return 1;
  if (averaging.kind == AverageKind::kExponential) return 1 - averaging.decay;
  return 1 / static_cast<double>(*samples);
}

}  // namespace optfleet::spec
