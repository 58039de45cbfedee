// Why the jobs of a class wait, in one sentence. By the same rules by which they were placed (fit.h, pool.h).
#pragma once

#include <string>

#include "coordinator/scheduler/plan.h"
#include "coordinator/scheduler/pool.h"

namespace optfleet::scheduler {

// `pool` is what the plan has left. Never empty. `at_limit`: its sweep runs as many jobs as it may.
std::string ReasonToWait(const Snapshot& snapshot, const Pool& pool, const Demand& demand,
                         const RequestClass& waiting, bool at_limit);

// What is wrong with one worker, as the end of a sentence that begins with its name: "has no gpu slot". Empty
// for kNone.
std::string ConstraintText(Constraint constraint, const WorkerOffer& worker,
                           const domain::Resources& request);

}  // namespace optfleet::scheduler
