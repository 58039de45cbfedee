// Times in sentences for people.
#pragma once

#include <string>

#include "common/time.h"

namespace optfleet::domain {

// "00:10:00", UTC.
std::string ClockText(Time time);

// "40 s", "10 min", "2 h": whole units, rounded down.
std::string DurationText(Duration duration);

}  // namespace optfleet::domain
