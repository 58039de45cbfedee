#include "trainer_core/diagnostics/noise_scale.h"

namespace optfleet::trainer {

NoiseScale::NoiseScale(double small, double large, double decay)
    : small_(small), large_(large), decay_(decay) {}

NoiseScale::Estimate NoiseScale::Add(double small_square, double large_square) {
  const Estimate now{(large_ * large_square - small_ * small_square) / (large_ - small_),
                     (small_square - large_square) / (1 / small_ - 1 / large_)};
  average_.gradient_square = decay_ * average_.gradient_square + (1 - decay_) * now.gradient_square;
  average_.trace = decay_ * average_.trace + (1 - decay_) * now.trace;
  return now;
}

std::optional<double> NoiseScale::scale() const {
  if (!(average_.gradient_square > 0)) return std::nullopt;
  return average_.trace / average_.gradient_square;
}

Json NoiseScale::State() const {
  return {{"gradient_square", average_.gradient_square}, {"trace", average_.trace}};
}

Status NoiseScale::Restore(const Json& state) {
  try {
    state.at("gradient_square").get_to(average_.gradient_square);
    state.at("trace").get_to(average_.trace);
  } catch (const Json::exception& error) {
    return Fail(Code::kDataLoss, std::string("noise scale: ") + error.what());
  }
  return {};
}

}  // namespace optfleet::trainer
