// Totals of a sweep as its jobs end.
#pragma once

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// The job has just ended: sets its objective, counts it in its sweep, and ends the sweep with its last job.
void CountEndedJob(State* state, domain::Job* job);

// What a result says of the sweep's objective; nothing if it did not train as planned or it is not finite.
std::optional<double> ObjectiveOf(const domain::JobStatus& status, const std::string& key);

// Counts jobs that took an outcome over, once they are the sweep's.
void CountReused(LiveSweep* sweep, const ReusedJobs& reused);

// Ends an active sweep if none of its jobs is open.
void EndIfDone(State* state, LiveSweep* sweep);

// Jobs of the sweep that have not ended.
int32_t OpenJobs(const LiveSweep& sweep);

// Whether all its jobs have ended and a further stage follows.
bool IsStageDue(const LiveSweep& sweep);

Census TakeCensus(const State& state);

}  // namespace optfleet::engine
