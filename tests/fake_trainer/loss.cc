#include "tests/fake_trainer/loss.h"

#include <cmath>

namespace optfleet::fake {

double Training::Step() {
  ++step_;
  state_ ^= static_cast<uint64_t>(step_);
  state_ = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9;
  state_ = (state_ ^ (state_ >> 27)) * 0x94d049bb133111eb;
  state_ ^= state_ >> 31;
  const double noise = static_cast<double>(state_ >> 11) * 0x1p-53;
  return 1.5 + 4 * std::exp(-static_cast<double>(step_) / 50) + 0.2 * noise;
}

double ExpectedLoss(uint64_t seed, int64_t step) {
  Training training(seed);
  double loss = 0;
  while (training.step() < step) loss = training.Step();
  return loss;
}

}  // namespace optfleet::fake
