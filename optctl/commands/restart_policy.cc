#include "optctl/commands/restart_policy.h"

#include <algorithm>
#include <cmath>

namespace optfleet::commands {
namespace {

constexpr double kFirstDelay = 0.2;
constexpr double kLongestDelay = 5;

}  // namespace

std::optional<double> RestartPolicy::Ended(double now) {
  quick_failures_ = now - started_ < kQuick ? quick_failures_ + 1 : 0;
  if (quick_failures_ >= kMostQuickFailures) return std::nullopt;
  return now + std::min(kLongestDelay, kFirstDelay * std::pow(2, std::max(quick_failures_ - 1, 0)));
}

}  // namespace optfleet::commands
