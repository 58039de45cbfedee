#include "optctl/output/time_left.h"

namespace optfleet::output {
namespace {

constexpr double kWindow = 60;
constexpr double kSpacing = 0.5;
constexpr double kLeastSpan = 2;

}  // namespace

void TimeLeft::Add(double seconds, double share) {
  if (!samples_.empty() && share < samples_.back().share) samples_.clear();
  // The newest sample is replaced while it is young, so that the estimate never lags behind by a spacing.
  const size_t count = samples_.size();
  if (count >= 2 && seconds - samples_[count - 2].seconds < kSpacing) samples_.pop_back();
  samples_.push_back({seconds, share});
  while (samples_.size() > 2 && seconds - samples_.front().seconds > kWindow) samples_.pop_front();
}

std::optional<double> TimeLeft::Seconds() const {
  if (samples_.size() < 2) return std::nullopt;
  const double span = samples_.back().seconds - samples_.front().seconds;
  const double growth = samples_.back().share - samples_.front().share;
  if (span < kLeastSpan || growth <= 0) return std::nullopt;
  return (1 - samples_.back().share) * span / growth;
}

}  // namespace optfleet::output
