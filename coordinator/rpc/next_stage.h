// The next stage of a sweep whose jobs have all ended: what it starts from, its points, and both given to the
// engine.
#pragma once

#include <functional>
#include <string>

#include "coordinator/rpc/backend.h"

namespace optfleet::rpc {

// Calls `done` once, on any thread, when the engine has taken the stage or the refusal of one that cannot
// begin, or when that failed and is worth another try. False if nothing was begun (a queue is full).
bool BeginNextStage(Backend* backend, const std::string& sweep, std::function<void(Status)> done);

}  // namespace optfleet::rpc
