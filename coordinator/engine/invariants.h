// What must be true of the state between two inputs. Used on what a store gives at start, and by every test.
#pragma once

#include <string>
#include <vector>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// One sentence per violation; empty if all is well. Cost: O(everything that is open).
std::vector<std::string> Violations(const State& state);

}  // namespace optfleet::engine
