// From the state to the scheduler and back.
#pragma once

#include <string>
#include <vector>

#include "coordinator/engine/state.h"
#include "coordinator/scheduler/plan.h"

namespace optfleet::engine {

// Places what can start, if anything has changed since the last call, and notes why the rest waits.
void Schedule(State* state);

// What the scheduler is given. `keys` has the class of each of the snapshot's classes.
scheduler::Snapshot TakeSnapshot(State* state, std::vector<ClassKey>* keys);

}  // namespace optfleet::engine
