// Sweeps, jobs, attempts, workers, checkpoints and events as tables of one row each, the same in every
// command that shows them. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/time.h"
#include "optctl/output/table.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

// `wide` adds columns; ages are counted up to `now`.
output::Table SweepTable(const std::vector<v1::Sweep>& sweeps, bool wide, Time now);
output::Table JobTable(const std::vector<v1::Job>& jobs, bool wide, Time now);
output::Table AttemptTable(const std::vector<v1::Attempt>& attempts, bool wide, Time now);
output::Table WorkerTable(const std::vector<v1::Worker>& workers, bool wide, Time now);
output::Table CheckpointTable(const std::vector<v1::Checkpoint>& checkpoints, bool wide);
output::Table EventTable(const std::vector<v1::Event>& events);

// "2 cpu x 1 thread, 4.0 GiB", "8 NVIDIA H100 80GB HBM3": what a worker offers.
std::string SlotsText(const v1::Worker& worker);

// Jobs of a sweep in a state (see v1::StateCount).
int CountOf(const v1::Sweep& sweep, const std::string& state);
// Jobs that have ended in whatever way.
int EndedCount(const v1::Sweep& sweep);
// Ended without a result: failed, cancelled or lost.
int FailedCount(const v1::Sweep& sweep);

}  // namespace optfleet::commands
