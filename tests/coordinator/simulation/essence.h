// An engine's state as text, without what a restart may change: leases are granted anew, and the silence of
// workers is counted anew.
#pragma once

#include <string>
#include <vector>

#include "coordinator/engine/state.h"

namespace optfleet::simulation {

std::string EssenceOf(const engine::State& state);

// As they would be as live ones.
std::vector<domain::Job> FreshJobsOf(const engine::State& state);

}  // namespace optfleet::simulation
