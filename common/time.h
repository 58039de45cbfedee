// Time as values. Pure code never reads a clock: a Time comes in as an argument.
#pragma once

#include <chrono>

namespace optfleet {

using Duration = std::chrono::microseconds;
using Time = std::chrono::sys_time<std::chrono::microseconds>;

inline Time TimeFromUnixMicros(int64_t us) { return Time(Duration(us)); }
inline int64_t UnixMicros(Time time) { return time.time_since_epoch().count(); }

}  // namespace optfleet
