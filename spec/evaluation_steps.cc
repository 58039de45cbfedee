#include "spec/evaluation_steps.h"

#include <algorithm>
#include <cmath>

namespace optfleet::spec {
namespace {

constexpr double kFirstExponent = -2.1;
constexpr int64_t kRound = 100;

}  // namespace

std::vector<int64_t> LogSpacedSteps(int64_t count, int64_t steps) {
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < count; ++i) {
    const double share = count == 1 ? 1 : static_cast<double>(i) / static_cast<double>(count - 1);
    const double exact = static_cast<double>(steps) * std::pow(10.0, kFirstExponent * (1 - share));
    int64_t step = static_cast<int64_t>(exact);
    if (step >= kRound && i + 1 < count) step -= step % kRound;
    if (step > 0) chosen.push_back(step);
  }
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

bool ValidatesAfter(const TrainingSpec& spec, int64_t step, bool is_last) {
  const EvaluationSpec& evaluation = spec.evaluation;
  if (is_last || (evaluation.every_steps > 0 && step % evaluation.every_steps == 0)) return true;
  if (evaluation.log_spaced == 0) return false;
  const auto chosen = LogSpacedSteps(evaluation.log_spaced, spec.budget.steps);
  return std::binary_search(chosen.begin(), chosen.end(), step);
}

}  // namespace optfleet::spec
