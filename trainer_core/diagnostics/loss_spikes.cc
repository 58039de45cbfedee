#include "trainer_core/diagnostics/loss_spikes.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/median.h"

namespace optfleet::trainer {
namespace {

constexpr double kDeviationPerMad = 1.4826;
constexpr double kLeastShare = 0.02;  // of the median

}  // namespace

LossSpikes::LossSpikes(int64_t window, double threshold)
    : window_(static_cast<size_t>(window)), threshold_(threshold) {}

void LossSpikes::Add(double loss) {
  const double excess = ExcessOver(loss);
  if (excess > 0) {
    Spike(excess);
    if (in_row_ < static_cast<int64_t>(window_) || !std::isfinite(loss)) return;
    calm_.clear();
  }
  in_row_ = 0;
  calm_.push_back(loss);
  if (calm_.size() > window_) calm_.pop_front();
}

double LossSpikes::ExcessOver(double loss) const {
  if (!std::isfinite(loss)) return INFINITY;
  if (calm_.size() * 2 < window_) return 0;
  std::vector<double> values(calm_.begin(), calm_.end());
  const double median = Median(values);
  for (double& value : values) value = std::abs(value - median);
  const double bound =
      std::max(threshold_ * kDeviationPerMad * Median(values), kLeastShare * std::abs(median));
  return loss - median > bound ? loss - median : 0;
}

void LossSpikes::Spike(double excess) {
  if (in_row_ == 0) ++spikes_;
  ++in_row_;
  ++spike_steps_;
  if (std::isfinite(excess)) height_ = std::max(height_, excess);
}

Json LossSpikes::State() const {
  return {{"calm", std::vector<double>(calm_.begin(), calm_.end())},
          {"spikes", spikes_},
          {"spike_steps", spike_steps_},
          {"in_row", in_row_},
          {"height", height_}};
}

Status LossSpikes::Restore(const Json& state) {
  try {
    const auto calm = state.at("calm").get<std::vector<double>>();
    calm_.assign(calm.begin(), calm.end());
    state.at("spikes").get_to(spikes_);
    state.at("spike_steps").get_to(spike_steps_);
    state.at("in_row").get_to(in_row_);
    state.at("height").get_to(height_);
  } catch (const Json::exception& error) {
    return Fail(Code::kDataLoss, std::string("loss spikes: ") + error.what());
  }
  return {};
}

}  // namespace optfleet::trainer
