// Successive halving of a sweep's jobs: they pause at rungs, and of each rung the best go on
// (sweeps/search/halving.h). The jobs of a stage, or of a sweep until it ends, compete with each other.
#pragma once

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// The step that the job's next or present attempt pauses after; 0: it runs to its end.
int64_t PauseStep(const State& state, const LiveJob& job);

// Whether the attempt, which has just ended, did so since it came to its rung.
bool EndedAtRung(const State& state, const LiveJob& job, const LiveAttempt& attempt);

// The job pauses at its rung with the figures that its attempt reported.
void PauseAtRung(State* state, LiveJob* job, const LiveAttempt& attempt);

// A job has ended and competes no more; one that did not get to its rung counts there as the worst.
void LeaveRungs(State* state, const LiveJob& job);

// An ended job is tried again: it runs to its end, since somebody asked for it. One that never ran competes
// as it would have.
void RejoinRungs(State* state, LiveJob* job);

// From now on only jobs behind those that there are compete.
void BeginCompetition(LiveSweep* sweep);

// After each input: who may go on does, and where only paused jobs are left they end.
void SettleRungs(State* state);

}  // namespace optfleet::engine
