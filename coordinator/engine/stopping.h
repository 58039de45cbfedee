// Jobs that are not worth their time are stopped by the rules of their sweep (sweeps/search/stop_rules.h),
// from the values of its objective that they record. The jobs of a stage, or of a sweep until it ends, are
// measured by each other.
//
// What a rule knows is not kept anywhere: after a start the store gives all values again.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// The sweep has just begun, or jobs that come from now on are measured by themselves.
void BeginStopping(LiveSweep* sweep);

// To be called when the state of the sweep has changed: its objective is watched while it is active.
void WatchIfActive(State* state, const LiveSweep& sweep);

// New values of a job that the sweep's rules hear of. One that runs, that nobody asked to stop and that is
// not to run to its end may be asked to stop.
void Observe(State* state, LiveJob* job, const LiveAttempt& attempt,
             const std::vector<Observation>& observations);

// What the store gives again at a start, by sweep; nothing is decided.
void ObserveAgain(State* state, const std::map<std::string, std::vector<sweeps::Report>>& reports);

}  // namespace optfleet::engine
