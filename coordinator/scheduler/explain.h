// `why`: what stands between one job and its start, worker by worker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/scheduler/plan.h"
#include "coordinator/scheduler/pool.h"

namespace optfleet::scheduler {

struct WorkerVerdict {
  std::string worker;
  Constraint constraint = Constraint::kNone;
  std::string text;     // "has no slot free"; empty if the job fits there
  std::string release;  // what would change that, "a slot is expected to be free at 10:15:00"; may be empty
};

struct Explanation {
  std::string reason;                      // the sentence of its class
  domain::Resources resources;             // as it counts: predictions limited to what the fleet has
  std::vector<WorkerVerdict> workers;      // of all, by id
  std::optional<Reservation> reservation;  // what is kept for it
};

// For a job of the class at `of_class` that waits. Makes the whole plan anew, so what it says is what would
// be done now.
Explanation Explain(const Snapshot& snapshot, const Policy& policy, size_t of_class, const JobName& job);

}  // namespace optfleet::scheduler
