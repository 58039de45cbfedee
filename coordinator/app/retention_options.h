// What stays of records whose sweep ended long ago (retention.h).
#pragma once

#include <cstdint>

#include "common/time.h"

namespace optfleet::app {

struct RetentionOptions {
  Duration after{0};      // since the end of the sweep; 0: nothing is ever thinned
  int64_t points = 5000;  // records of an attempt that stay, about, and so points of each key
  Duration pause = std::chrono::hours(1);  // between two looks
};

}  // namespace optfleet::app
