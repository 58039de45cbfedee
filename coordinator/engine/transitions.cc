#include "coordinator/engine/transitions.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "coordinator/domain/check.h"
#include "coordinator/domain/time_text.h"
#include "coordinator/engine/estimates.h"
#include "coordinator/engine/guards.h"
#include "coordinator/engine/health.h"
#include "coordinator/engine/resume.h"
#include "coordinator/engine/rungs.h"
#include "coordinator/engine/stopping.h"
#include "coordinator/engine/totals.h"

namespace optfleet::engine {
namespace {

using domain::AttemptState;
using domain::JobState;

std::string AttemptText(const LiveAttempt& attempt) {
  return "attempt " + std::to_string(attempt.row.name.attempt);
}

void FreeSlots(State* state, const LiveAttempt& attempt) {
  LiveWorker* worker = state->FindWorker(attempt.row.worker);
  if (worker == nullptr || worker->attempts.erase(attempt.row.name) == 0) return;
  --state->SweepOf(attempt.row.name.job).on_slots;
  state->WorkerChanged(worker);
}

// One that never ran has cost nothing.
void StopClock(State* state, LiveJob* job, const domain::Attempt& attempt) {
  if (!attempt.start_time) return;
  const int64_t shares = domain::SharesOf(job->row.definition.resources);
  state->SweepOf(job->row.name()).slot_time.Release(shares, state->now);
  job->row.status.slot_time += domain::SlotMicrosBetween(*attempt.start_time, state->now, shares);
}

void EndAttempt(State* state, LiveJob* job, LiveAttempt* attempt, Outcome outcome, std::string reason) {
  domain::Attempt& row = attempt->row;
  Move(&row.state, AttemptState::kEnded);
  FreeSlots(state, *attempt);
  state->deadlines.Clear(DeadlineKey::Lease(row.name));
  LearnSpeed(state, *attempt);
  row.outcome = outcome;
  row.reason = reason;
  row.lease_time.reset();
  row.end_time = state->now;
  StopClock(state, job, row);
  job->row.status.worker.clear();
  ++state->attempts_ended[outcome];
  state->Touch(row);
  state->Touch(job->row);
  state->Say(ToResource(row.name), "ended",
             std::string(OutcomeName(outcome)) + (reason.empty() ? "" : ": " + reason));
}

// Newest step of the job's series.
int64_t StepOf(const LiveJob& job) {
  for (auto it = job.attempts.rbegin(); it != job.attempts.rend(); ++it) {
    if (it->second.step > 0) return it->second.step;
  }
  return 0;
}

void EndJob(State* state, LiveJob* job, Outcome outcome, std::string reason, const domain::Figures& final) {
  domain::JobStatus& status = job->row.status;
  state->queue.Remove(job->row);
  state->deadlines.Clear(DeadlineKey::Backoff(job->row.name()));
  state->plan_is_stale = true;
  if (status.state == JobState::kPaused) --state->SweepOf(job->row.name()).paused;
  Move(&status.state, JobState::kEnded);
  status.outcome = outcome;
  status.reason = std::move(reason);
  status.bound_worker.clear();
  status.not_before.reset();
  status.step = StepOf(*job);
  status.final = final;
  status.end_time = state->now;
  for (auto& [number, attempt] : job->attempts) {
    if (attempt.row.record_limit <= attempt.held_record) continue;
    attempt.row.record_limit = attempt.held_record;
    state->Touch(attempt.row);
  }
  state->Touch(job->row);
  state->Say(ToResource(job->row.name()), "ended",
             std::string(OutcomeName(outcome)) + (status.reason.empty() ? "" : ": " + status.reason));
  LeaveRungs(state, *job);
  CountEndedJob(state, &job->row);
}

void QueueAgain(State* state, LiveJob* job, std::string reason) {
  domain::JobStatus& status = job->row.status;
  Move(&status.state, JobState::kQueued);
  status.reason = std::move(reason);
  state->Touch(job->row);
  state->Say(ToResource(job->row.name()), "queued", status.reason);
  Enqueue(state, job);
  Rebind(state, job);
}

Duration BackoffAfter(const Options& options, int32_t failures) {
  Duration wait = options.first_backoff;
  for (int32_t i = 1; i < failures && wait < options.longest_backoff; ++i) wait *= 2;
  return std::min(wait, options.longest_backoff);
}

bool AdvancedTheCheckpoint(const LiveJob& job, const LiveAttempt& attempt) {
  for (const auto& [number, other] : job.attempts) {
    if (number < attempt.row.name.attempt && other.row.checkpoint_step >= attempt.row.checkpoint_step)
      return false;
  }
  return attempt.row.checkpoint_step > 0;
}

void AfterFailure(State* state, LiveJob* job, const LiveAttempt& attempt) {
  domain::JobStatus& status = job->row.status;
  const domain::ReportedEnd& reported = *attempt.row.reported;
  status.failures = AdvancedTheCheckpoint(*job, attempt) ? 0 : status.failures + 1;
  if (!reported.retryable) {
    EndJob(state, job, Outcome::kFailed, reported.reason, reported.final);
    return;
  }
  const int32_t budget = reported.cause == FailureCause::kDeviceFault ? state->options.device_fault_budget
                                                                      : state->options.crash_budget;
  if (status.failures >= budget) {
    EndJob(state, job, Outcome::kFailed,
           std::to_string(status.failures) +
               " attempts failed without a newer checkpoint; the last: " + reported.reason,
           reported.final);
    return;
  }
  status.not_before = state->now + BackoffAfter(state->options, std::max(status.failures, 1));
  QueueAgain(state, job,
             AttemptText(attempt) + " failed: " + reported.reason + "; the next one starts at " +
                 domain::ClockText(*status.not_before) + " or later");
}

// What follows for the job from an attempt that has just ended.
void AfterAttempt(State* state, LiveJob* job, const LiveAttempt& attempt) {
  const Outcome outcome = *attempt.row.outcome;
  const domain::JobStatus& status = job->row.status;
  if (IsResult(outcome)) {
    EndJob(state, job, outcome, attempt.row.reason, attempt.row.reported->final);
  } else if (status.stop) {
    EndJob(state, job, *status.stop, status.stop_reason,
           attempt.row.reported ? attempt.row.reported->final : domain::Figures{});
  } else if (outcome == Outcome::kCancelled) {
    EndJob(state, job, outcome, attempt.row.reason, attempt.row.reported->final);
  } else if (outcome == Outcome::kFailed) {
    AfterFailure(state, job, attempt);
  } else if (EndedAtRung(*state, *job, attempt)) {
    PauseAtRung(state, job, attempt);
  } else {
    const std::string what = outcome == Outcome::kLost ? " was lost: " : " gave its slot back: ";
    QueueAgain(state, job, AttemptText(attempt) + what + attempt.row.reason);
  }
}

void MoveToRunning(State* state, LiveJob* job, LiveAttempt* attempt) {
  Move(&attempt->row.state, AttemptState::kRunning);
  Move(&job->row.status.state, JobState::kRunning);
  attempt->row.start_time = state->now;
  state->SweepOf(job->row.name()).slot_time.Hold(domain::SharesOf(job->row.definition.resources), state->now);
  state->Touch(attempt->row);
  state->Touch(job->row);
}

// Whether the records that the outcome rests on are held.
bool MayFinish(const LiveJob& job, const LiveAttempt& attempt) {
  const domain::ReportedEnd& reported = *attempt.row.reported;
  if (attempt.held_record < reported.last_record) return false;
  return !IsResult(reported.outcome) || domain::LineageIsHeld(job.links(), attempt.row.name.attempt);
}

}  // namespace

void Enqueue(State* state, LiveJob* job) {
  domain::JobStatus& status = job->row.status;
  OPTFLEET_CHECK(status.state == JobState::kQueued, ToResource(job->row.name()));
  state->plan_is_stale = true;
  if (status.not_before && *status.not_before > state->now) {
    state->deadlines.Set(DeadlineKey::Backoff(job->row.name()), *status.not_before);
  } else {
    state->queue.Add(job->row);
  }
}

void Rebind(State* state, LiveJob* job) {
  const LiveAttempt* best = BestCheckpoint(*state, *job, "");
  const std::string worker = best == nullptr ? "" : best->row.worker;
  if (worker == job->row.status.bound_worker) return;
  const bool waits = state->queue.Contains(job->row);
  if (waits) state->queue.Remove(job->row);
  job->row.status.bound_worker = worker;
  if (waits) Enqueue(state, job);
  state->Touch(job->row);
}

void Assign(State* state, LiveJob* job, const std::string& worker, std::vector<int32_t> slots) {
  domain::JobStatus& status = job->row.status;
  state->queue.Remove(job->row);
  Move(&status.state, JobState::kAssigned);
  const LiveAttempt* resume = BestCheckpoint(*state, *job, worker);

  LiveAttempt attempt;
  attempt.row.name = {job->row.name(), ++status.attempt_count};
  attempt.row.fence = {state->incarnation, status.attempt_count};
  attempt.row.worker = worker;
  attempt.row.slots = std::move(slots);
  attempt.row.resume_attempt = resume == nullptr ? 0 : resume->row.name.attempt;
  attempt.row.lease_time = state->now + state->options.lease;
  attempt.row.create_time = state->now;
  state->deadlines.Set(DeadlineKey::Lease(attempt.row.name), *attempt.row.lease_time);
  LiveWorker* target = state->FindWorker(worker);
  target->attempts.insert(attempt.row.name);
  ++state->SweepOf(job->row.name()).on_slots;
  state->WorkerChanged(target);

  status.worker = worker;
  status.bound_worker.clear();
  status.not_before.reset();
  status.reason.clear();
  if (!status.start_time) status.start_time = state->now;
  state->Touch(attempt.row);
  state->Touch(job->row);
  state->Say(ToResource(attempt.row.name), "assigned",
             "to " + worker + (resume == nullptr ? "" : ", from the checkpoint of " + AttemptText(*resume)));
  job->attempts.emplace(attempt.row.name.attempt, std::move(attempt));
}

void StartRunning(State* state, LiveJob* job, LiveAttempt* attempt) {
  MoveToRunning(state, job, attempt);
  state->Say(ToResource(attempt->row.name), "running", "on " + attempt->row.worker);
}

void StartFinishing(State* state, LiveAttempt* attempt, domain::ReportedEnd reported) {
  LiveJob* job = state->FindJob(attempt->row.name.job);
  if (job->row.status.state == JobState::kAssigned) MoveToRunning(state, job, attempt);
  Move(&attempt->row.state, AttemptState::kFinishing);
  FreeSlots(state, *attempt);
  attempt->row.reported = std::move(reported);
  state->Touch(attempt->row);
  if (MayFinish(*job, *attempt)) return;  // it ends at once
  state->Say(ToResource(attempt->row.name), "finishing",
             std::string(OutcomeName(attempt->row.reported->outcome)) + ", " +
                 std::to_string(attempt->row.reported->last_record) + " records");
}

void TryFinish(State* state, LiveJob* job, LiveAttempt* attempt) {
  OPTFLEET_CHECK(attempt->row.state == AttemptState::kFinishing, ToResource(attempt->row.name));
  if (!MayFinish(*job, *attempt)) return;
  const domain::ReportedEnd& reported = *attempt->row.reported;
  EndAttempt(state, job, attempt, reported.outcome, reported.reason);
  NoteEndOnWorker(state, *attempt);
  AfterAttempt(state, job, *attempt);
}

void Lose(State* state, LiveJob* job, LiveAttempt* attempt, const std::string& reason) {
  EndAttempt(state, job, attempt, Outcome::kLost, reason);
  AfterAttempt(state, job, *attempt);
}

void Pause(State* state, LiveJob* job, const std::string& reason) {
  domain::JobStatus& status = job->row.status;
  Move(&status.state, JobState::kPaused);
  status.reason = reason;
  ++state->SweepOf(job->row.name()).paused;
  state->Touch(job->row);
  state->Say(ToResource(job->row.name()), "paused", reason);
}

void Continue(State* state, LiveJob* job, std::string reason) {
  --state->SweepOf(job->row.name()).paused;
  job->row.status.final.clear();
  QueueAgain(state, job, std::move(reason));
}

void StopPaused(State* state, LiveJob* job, const std::string& reason) {
  EndJob(state, job, Outcome::kStoppedEarly, reason, domain::Figures(job->row.status.final));
}

void Cancel(State* state, LiveJob* job, const std::string& reason) {
  domain::JobStatus& status = job->row.status;
  if (status.stop) return;
  status.stop = Outcome::kCancelled;
  status.stop_reason = reason.empty() ? "cancelled" : reason;
  state->Touch(job->row);
  if (status.state == JobState::kAssigned) {
    // Should it run already, its worker is told to end it: the job has ended.
    EndAttempt(state, job, job->newest(), Outcome::kCancelled, status.stop_reason);
  }
  if (status.state == JobState::kRunning) {
    state->Say(ToResource(job->row.name()), "stopping", status.stop_reason);
    return;
  }
  EndJob(state, job, Outcome::kCancelled, status.stop_reason, {});
}

void Reopen(State* state, LiveSweep* sweep) {
  ++sweep->row.revision;
  sweep->row.cancel_requested = false;
  sweep->row.stages.problem.clear();
  state->due_stages.erase(sweep->row.id);
  if (sweep->row.state != domain::SweepState::kActive) {
    Move(&sweep->row.state, domain::SweepState::kActive);
    sweep->row.end_time.reset();
    WatchIfActive(state, *sweep);
    GuardIfActive(state, *sweep);
  }
  state->touched.sweeps.insert(sweep->row.id);
  state->plan_is_stale = true;
}

}  // namespace optfleet::engine
