// What the fake trainer "learns". The state folds in every step, so a run that missed one, took one twice or
// resumed from a wrong place has other losses from there on; tests compute what they expect from (seed, step)
// alone.
#pragma once

#include <cstdint>

namespace optfleet::fake {

class Training {
 public:
  explicit Training(uint64_t seed) : state_(seed) {}
  Training(uint64_t state, int64_t step) : state_(state), step_(step) {}

  // Trains one step and returns its loss.
  double Step();

  uint64_t state() const { return state_; }
  int64_t step() const { return step_; }

 private:
  uint64_t state_;
  int64_t step_ = 0;
};

// The loss of `step` (from 1) of an undisturbed run.
double ExpectedLoss(uint64_t seed, int64_t step);

}  // namespace optfleet::fake
