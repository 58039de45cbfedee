// Records that no outcome should wait for any longer.
#pragma once

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// An outcome waits for the records of the attempts that its own one went on from. They were held when those
// were let go of; if metrics.db was thrown away since, nobody has them. The worker's message is a full
// picture: what it does not name it does not have.
void NoteLostRecords(State* state, const Synchronize& input);

}  // namespace optfleet::engine
