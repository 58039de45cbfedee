// How long things will take, as far as anything is known about it. Used to let short jobs onto slots that are
// kept for another; never to end anything. Pure look-ups.
#pragma once

#include <optional>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// How long a whole run of `total_steps` of this sweep will take, from the speed of its attempts so far;
// rounded up coarsely, so that equal jobs have equal estimates. nullopt if none has run for long enough.
std::optional<Duration> ExpectedRun(const LiveSweep& sweep, int64_t total_steps);

// When an open attempt will have ended, from its own speed, else from its sweep's.
std::optional<Time> ExpectedEnd(const State& state, const LiveJob& job, const LiveAttempt& attempt);

// An attempt has ended: what it shows of its sweep's speed.
void LearnSpeed(State* state, const LiveAttempt& attempt);

}  // namespace optfleet::engine
