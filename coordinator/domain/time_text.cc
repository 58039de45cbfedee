#include "coordinator/domain/time_text.h"

namespace optfleet::domain {
namespace {

std::string TwoDigits(int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

std::string ClockText(Time time) {
  const auto since_midnight = time - std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss parts(std::chrono::floor<std::chrono::seconds>(since_midnight));
  return TwoDigits(parts.hours().count()) + ":" + TwoDigits(parts.minutes().count()) + ":" +
         TwoDigits(parts.seconds().count());
}

std::string DurationText(Duration duration) {
  const int64_t seconds = std::chrono::floor<std::chrono::seconds>(duration).count();
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  return std::to_string(seconds / 3600) + " h";
}

}  // namespace optfleet::domain
