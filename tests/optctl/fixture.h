// A small cluster frozen in time: the sweep "lr" has ended (with a diverged, an out-of-memory and an edge
// result), "sizes" runs on one of two workers.
#pragma once

#include "tests/optctl/fake_coordinator.h"

namespace optfleet::commands {

FakeData FrozenCluster();

// The sweep "lr" with two jobs on its way from queued to ended, in four stages.
std::vector<FakeData> MovingSweep();

}  // namespace optfleet::commands
