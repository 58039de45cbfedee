// From the state to the scheduler and back.
#pragma once

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// Places what can start, if anything has changed since the last call, and notes why the rest waits.
void Schedule(State* state);

}  // namespace optfleet::engine
