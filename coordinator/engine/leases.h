// Leases of attempts and the silence of workers: when each ends. What follows is in tick.cc.
#pragma once

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// A full lease from now.
void Renew(State* state, LiveAttempt* attempt);

// Whether a process of this open attempt may have run: its worker said so, or it was given out before a
// backup was restored, and a history that nobody remembers may have ended it. Then it is never begun under
// its fence again.
bool MayHaveRun(const State& state, const domain::Attempt& attempt);

// Its worker spoke and did not name it: three more periods, then it is lost.
void Shorten(State* state, const LiveAttempt& attempt);

// The worker was heard now.
void NoteHeard(State* state, LiveWorker* worker);

// Starts or ends the time in which its checkpoints are waited for, after its state has changed.
void NoteAvailability(State* state, LiveWorker* worker);

// A full period for everything: the coordinator itself was away.
void GrantAll(State* state);

}  // namespace optfleet::engine
