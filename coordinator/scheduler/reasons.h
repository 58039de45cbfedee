// Why jobs wait, in one sentence.
#pragma once

#include <string>

#include "coordinator/scheduler/plan.h"

namespace optfleet::scheduler {

// For jobs that are bound to `bound_worker` (empty: to none) and that a plan for this snapshot leaves
// waiting. Never empty.
std::string ReasonToWait(const Snapshot& snapshot, const std::string& bound_worker);

}  // namespace optfleet::scheduler
