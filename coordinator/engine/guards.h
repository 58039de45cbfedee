// Bounds past which a sweep pauses by itself (sweeps/search/guard.h): nothing of it starts, what runs stops
// after a checkpoint, and nothing is lost until a person decides.
#pragma once

#include <optional>
#include <string>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// To be called when the state of the sweep has changed: it is looked after while it is active.
void GuardIfActive(State* state, const LiveSweep& sweep);

// Why its guard would not let the sweep go on now, if it would not: "3 jobs failed, more than 2".
std::optional<std::string> GuardVerdict(const State& state, const LiveSweep& sweep);

// After each input: sweeps past their bounds pause.
void SettleGuards(State* state);

}  // namespace optfleet::engine
