// What follows when time has passed.
#include <string>

#include "coordinator/domain/check.h"
#include "coordinator/domain/time_text.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/health.h"
#include "coordinator/engine/leases.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

using domain::WorkerState;

void LeaseEnded(State* state, const AttemptName& name) {
  LiveJob* job = state->FindJob(name.job);
  LiveAttempt* attempt = state->FindAttempt(name);
  OPTFLEET_CHECK(attempt != nullptr, ToResource(name));
  const LiveWorker* worker = state->FindWorker(attempt->row.worker);
  const Duration silence = state->now - worker->last_seen;
  std::string reason;
  if (silence >= state->options.period * state->options.missed_periods) {
    reason = "worker " + attempt->row.worker + " was not heard of for " + domain::DurationText(silence);
  } else if (attempt->row.state == domain::AttemptState::kAssigned) {
    reason = "worker " + attempt->row.worker + " did not start it";
  } else {
    reason = "worker " + attempt->row.worker + " no longer has it";
  }
  Lose(state, job, attempt, reason);
}

void WorkerIsSilent(State* state, const std::string& id) {
  LiveWorker* worker = state->FindWorker(id);
  Move(&worker->row.state, WorkerState::kUnreachable);
  NoteAvailability(state, worker);
  state->touched.workers.insert(id);
  state->WorkerChanged(worker);
  state->Say(WorkerResource(id), "unreachable", "last heard of at " + domain::ClockText(worker->last_seen));
}

// Its checkpoints are no longer waited for.
void WorkerIsAway(State* state, const std::string& id) {
  for (const JobName& name : state->queue.BoundTo(id)) Rebind(state, state->FindJob(name));
  state->plan_is_stale = true;
}

void BackoffEnded(State* state, const JobName& name) {
  LiveJob* job = state->FindJob(name);
  OPTFLEET_CHECK(job != nullptr, ToResource(name));
  // Written down: the job may wait for long yet, and a start under a clock that was set back would have it
  // wait once more.
  job->row.status.not_before.reset();
  state->Touch(job->row);
  Rebind(state, job);
  Enqueue(state, job);
}

}  // namespace

void OnTick(State* state) {
  // A tick that comes this late means that this process was stopped or its machine asleep: nobody else is to
  // blame.
  const Duration grace = state->options.period * state->options.missed_periods;
  if (state->deadlines.earliest() < state->now - grace) GrantAll(state);
  while (auto due = state->deadlines.PopDue(state->now)) {
    switch (due->kind) {
      case DeadlineKey::Kind::kLease:
        LeaseEnded(state, due->attempt);
        break;
      case DeadlineKey::Kind::kSilence:
        WorkerIsSilent(state, due->worker);
        break;
      case DeadlineKey::Kind::kAway:
        WorkerIsAway(state, due->worker);
        break;
      case DeadlineKey::Kind::kExcluded:
        ExclusionEnded(state, due->worker);
        break;
      case DeadlineKey::Kind::kBackoff:
        BackoffEnded(state, due->attempt.job);
        break;
    }
  }
  const Time oldest = state->now - state->options.request_memory;
  const size_t forgotten =
      std::erase_if(state->requests, [&](const auto& entry) { return entry.second.time < oldest; });
  if (forgotten > 0) state->changes.forget_requests_before = oldest;
}

}  // namespace optfleet::engine
