#include "sweeps/search/guard.h"

#include <cmath>

#include "common/text.h"

namespace optfleet::sweeps {
namespace {

constexpr int kDigits = 4;

std::optional<std::string> TooMany(const std::optional<JobsOrShare>& bound, int32_t jobs, int32_t ended,
                                   int32_t after, const std::string& what) {
  if (!bound) return std::nullopt;
  if (bound->share == 0) {
    if (jobs <= bound->jobs) return std::nullopt;
    return FormatCount(jobs) + " jobs " + what + ", more than " + FormatCount(bound->jobs);
  }
  if (ended < after || jobs <= bound->share * ended) return std::nullopt;
  return FormatCount(jobs) + " of " + FormatCount(ended) + " jobs that have ended " + what + ", more than " +
         FormatSignificant(bound->share * 100, kDigits) + "%";
}

}  // namespace

std::string DeviceTimeText(double hours, int digits) {
  constexpr double kParts = 60;
  double value = hours;
  const char* unit = " device hours";
  if (value < 1) {
    value *= kParts;
    unit = " device minutes";
  }
  if (value < 1) {
    value *= kParts;
    unit = " device seconds";
  }
  const bool is_whole = value >= std::pow(10, digits - 1);
  return (is_whole ? FormatCount(std::llround(value)) : FormatSignificant(value, digits)) + unit;
}

std::optional<std::string> WhyOver(const GuardPlan& plan, const SweepSoFar& so_far) {
  if (auto why = TooMany(plan.diverged, so_far.diverged, so_far.ended, plan.after, "diverged")) return why;
  if (auto why = TooMany(plan.failed, so_far.failed, so_far.ended, plan.after, "failed")) return why;
  if (plan.device_hours > 0 && so_far.device_hours >= plan.device_hours)
    return DeviceTimeText(plan.device_hours) + " are spent";
  return std::nullopt;
}

}  // namespace optfleet::sweeps
