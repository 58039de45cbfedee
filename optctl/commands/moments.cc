#include "optctl/commands/moments.h"

#include <fmt/chrono.h>

#include <algorithm>

namespace optfleet::commands {

Time TimeOf(const google::protobuf::Timestamp& time) {
  return TimeFromUnixMicros(time.seconds() * 1'000'000 + time.nanos() / 1000);
}

std::string IsoTime(Time time) {
  const int64_t milliseconds = UnixMicros(time) / 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<time_t>(milliseconds / 1000)),
                     milliseconds % 1000);
}

std::string Age(Time then, Time now) {
  const int64_t seconds = std::max<int64_t>(0, (UnixMicros(now) - UnixMicros(then)) / 1'000'000);
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 120 * 60) return fmt::format("{}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

}  // namespace optfleet::commands
