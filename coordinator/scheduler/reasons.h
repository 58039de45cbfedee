// Why the jobs of a class wait, in one sentence. By the same rules by which they were placed (fit.h, pool.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

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

// Why no worker could start a job with this request, were everything free. For requests of which that is so.
std::string WhyNoneWouldDo(const std::vector<const WorkerOffer*>& workers, const domain::Resources& request);

struct Misfit {
  std::string reason;
  bool is_tried = false;  // the memory that is predicted is all that is in the way: the largest slot is tried
};
// Whether a job with this request, predicted to need so many bytes, has no place on any of the workers were
// everything free. nullopt if it has one.
std::optional<Misfit> FitsNowhere(const std::vector<const WorkerOffer*>& workers,
                                  const domain::Resources& request, int64_t predicted_bytes);

}  // namespace optfleet::scheduler
