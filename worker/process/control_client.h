// One command to a trainer over its control.sock.
#pragma once

#include <string>

#include "common/result.h"
#include "worker/engine/attempt.h"

namespace optfleet::worker {

// OK when the trainer accepted the stop. Takes at most two seconds; NOT_FOUND if it has no socket,
// UNAVAILABLE if it does not answer.
Status SendStop(const std::string& folder, const StopOrder& order);

}  // namespace optfleet::worker
