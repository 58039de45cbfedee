#include "spec/epochs.h"

#include <algorithm>
#include <cmath>

namespace optfleet::spec {
namespace {

constexpr double kMostSteps = 1e12;  // the range of budget.steps
constexpr double kRounding = 1e-9;   // 0.1 x 30 is a little more than 3

}  // namespace

int64_t StepsOfEpochs(double epochs, int64_t sequences, int64_t batch_size) {
  const double exact = epochs * static_cast<double>(sequences) / static_cast<double>(batch_size);
  const double steps = std::ceil(exact - kRounding * std::max(1.0, exact));
  return static_cast<int64_t>(std::clamp(steps, 1.0, kMostSteps));
}

std::vector<Problem> ResolveEpochs(int64_t sequences, TrainingSpec* spec) {
  if (spec->budget.epochs == 0) return {};
  spec->budget.steps = StepsOfEpochs(spec->budget.epochs, sequences, spec->training.batch_size);
  spec->budget.epochs = 0;
  return Resolve(spec);
}

}  // namespace optfleet::spec
