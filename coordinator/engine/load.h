// From saved rows to a state.
#pragma once

#include <memory>

#include "common/result.h"
#include "coordinator/engine/state.h"

namespace optfleet::engine {

// DATA_LOSS if the rows contradict each other.
Result<std::unique_ptr<State>> LoadState(const Options& options, SavedState saved, Time now);

}  // namespace optfleet::engine
