// What a worker has and what of it is taken, for the scheduler.
#pragma once

#include <string>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// Why it takes nothing new; empty if it does.
std::string WhyUnavailable(const State& state, const LiveWorker& worker);

// Made anew where the worker has changed since the last call, or always if `refresh` (estimates change with
// time).
const scheduler::WorkerOffer& OfferOf(const State& state, LiveWorker* worker, bool refresh);

}  // namespace optfleet::engine
