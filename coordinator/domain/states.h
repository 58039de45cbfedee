// The states of everything the coordinator keeps, and the one table per kind of what may follow what.
// Names are those of SQL and of optfleet.v1 (without its prefix, in lower case).
#pragma once

#include <optional>
#include <string_view>

namespace optfleet::domain {

enum class SweepState {
  kExpanding = 1,  // its jobs are being written; in no list yet
  kActive = 2,
  kEnded = 3,
  kCancelled = 4,  // a person cancelled it and every job has ended
};

enum class JobState {
  kQueued = 1,
  kAssigned = 2,  // its attempt has been given out; the worker has not said that it runs
  kRunning = 3,   // also while its attempt is finishing
  kEnded = 4,
  kPaused = 5,  // at a rung of its sweep's halving: it goes on if it is among the best there
};

enum class AttemptState {
  kAssigned = 1,
  kRunning = 2,
  kFinishing = 3,  // its process has ended; records that its outcome rests on are not held yet
  kEnded = 4,
};

enum class WorkerState {
  kReady = 1,
  kUnreachable = 2,  // shown only: its attempts keep their leases
  kDraining = 3,
  kGone = 4,  // said goodbye
};

std::string_view Name(SweepState state);
std::string_view Name(JobState state);
std::string_view Name(AttemptState state);
std::string_view Name(WorkerState state);
std::optional<SweepState> SweepStateFromName(std::string_view name);
std::optional<JobState> JobStateFromName(std::string_view name);
std::optional<AttemptState> AttemptStateFromName(std::string_view name);
std::optional<WorkerState> WorkerStateFromName(std::string_view name);

// Whether `to` may follow `from`. Staying in a state is not a transition and not allowed here.
bool MayFollow(SweepState from, SweepState to);
bool MayFollow(JobState from, JobState to);
bool MayFollow(AttemptState from, AttemptState to);
bool MayFollow(WorkerState from, WorkerState to);

// Changes `*state` to `to`; a transition that is not in the table is a broken invariant and aborts.
void Move(SweepState* state, SweepState to);
void Move(JobState* state, JobState to);
void Move(AttemptState* state, AttemptState to);
void Move(WorkerState* state, WorkerState to);

}  // namespace optfleet::domain
