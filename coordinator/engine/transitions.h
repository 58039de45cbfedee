// What can happen to jobs and attempts. Each function moves through the tables of domain/states.h, notes the
// rows it touched, says an event and keeps queue, deadlines and totals true. Preconditions are checked:
// breaking one aborts.
#pragma once

#include <string>
#include <vector>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// What gives a sweep more to do: it is active, another revision of itself, and no longer cancelled.
void Reopen(State* state, LiveSweep* sweep);

// queued -> assigned, with a new attempt on free slots of a worker. Resumes from the best checkpoint of the
// job on that worker.
void Assign(State* state, LiveJob* job, const std::string& worker, std::vector<int32_t> slots);

// assigned -> running.
void StartRunning(State* state, LiveJob* job, LiveAttempt* attempt);

// assigned or running -> finishing; the slots are free from now on. `TryFinish` decides when it counts.
void StartFinishing(State* state, LiveAttempt* attempt, domain::ReportedEnd reported);

// finishing -> ended if the records that the outcome rests on are held, and what follows for the job.
// Otherwise nothing.
void TryFinish(State* state, LiveJob* job, LiveAttempt* attempt);

// Any open state -> ended with `lost`; the job is queued again.
void Lose(State* state, LiveJob* job, LiveAttempt* attempt, const std::string& reason);

// running -> paused, after its attempt has ended.
void Pause(State* state, LiveJob* job, const std::string& reason);

// paused -> queued.
void Continue(State* state, LiveJob* job, std::string reason);

// paused -> ended with `stopped_early` and the figures that it has.
void StopPaused(State* state, LiveJob* job, const std::string& reason);

// Asks to stop a job with outcome cancelled. Ends it at once if nothing of it runs.
void Cancel(State* state, LiveJob* job, const std::string& reason);

// Chooses again which worker a queued job waits for, after what is known of workers or checkpoints has
// changed.
void Rebind(State* state, LiveJob* job);

// Puts a queued job among those that may start, or sets the end of its back-off.
void Enqueue(State* state, LiveJob* job);

}  // namespace optfleet::engine
