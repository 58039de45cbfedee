#include "common/rundir/layout.h"

#include <cstdio>

namespace optfleet::rundir {

std::string CheckpointName(int64_t step) {
  char text[32];
  std::snprintf(text, sizeof text, "step-%012lld", static_cast<long long>(step));
  return text;
}

}  // namespace optfleet::rundir
