// Which checkpoint a job goes on from, and what is still needed of attempts that are over. Pure look-ups.
#pragma once

#include <cstdint>
#include <string>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// The attempt with the newest checkpoint of the job (highest step, then highest number) on `worker` ("" for
// any worker), or nullptr. Attempts on workers that have been away for a lease count only when `worker` names
// theirs.
const LiveAttempt* BestCheckpoint(const State& state, const LiveJob& job, const std::string& worker);

// Whether a later attempt may start from the checkpoints of this ended attempt.
bool MayBeResumedFrom(const State& state, const LiveJob& job, const LiveAttempt& attempt);

// Highest record of this ended attempt that the job's series needs or may need. What is held beyond it is of
// no use.
int64_t NeededRecord(const State& state, const LiveJob& job, const LiveAttempt& attempt);

// Whether anything of an attempt that is over may still be wanted: its checkpoints, or records that are not
// held yet.
bool IsStillNeeded(const State& state, const LiveJob& job, const LiveAttempt& attempt);

}  // namespace optfleet::engine
