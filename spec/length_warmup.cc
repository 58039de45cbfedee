#include "spec/length_warmup.h"

#include <algorithm>
#include <cmath>

namespace optfleet::spec {
namespace {

// How much of the warm-up lies before the step, in parts of it.
double DoneShare(const TrainingSpec& spec, double position) {
  const double warmup = spec.data.length_warmup.amount;
  const bool by_time = spec.budget.seconds > 0;
  return by_time ? position / (warmup / 100) : (position - 1) / warmup;
}

}  // namespace

int64_t SequenceLengthAt(const TrainingSpec& spec, double position) {
  const int64_t whole = spec.data.sequence_length;
  if (spec.data.length_warmup.amount == 0) return whole;
  const double done = DoneShare(spec, position);
  if (done >= 1) return whole;
  int64_t stages = 0;
  while (spec.data.length_start << stages < whole) ++stages;
  const auto stage = static_cast<int64_t>(std::floor(done * static_cast<double>(stages)));
  return std::min(whole, spec.data.length_start << stage);
}

}  // namespace optfleet::spec
