// What a worker says about itself and its attempts.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "coordinator/domain/check.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/kept.h"
#include "coordinator/engine/leases.h"
#include "coordinator/engine/lost_records.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

using domain::AttemptState;
using domain::WorkerState;
using Reported = AttemptStatus::State;

constexpr size_t kRetiredSessions = 8;

WorkerState StateSaid(const Synchronize& input) {
  if (input.leaving) return WorkerState::kGone;
  return input.draining ? WorkerState::kDraining : WorkerState::kReady;
}

LiveWorker* FindOrAddWorker(State* state, const Synchronize& input) {
  if (LiveWorker* known = state->FindWorker(input.worker_id)) return known;
  LiveWorker worker;
  worker.row.id = input.worker_id;
  worker.row.session = input.session;
  worker.row.last_seen = state->now;
  worker.last_seen = state->now;
  state->touched.workers.insert(input.worker_id);
  state->Say(WorkerResource(input.worker_id), "connected", "for the first time");
  return &state->workers.emplace(input.worker_id, std::move(worker)).first->second;
}

// Whether it is a process that the present one has replaced. Of one root (the upper half) the later start has
// the higher number, so that a message which was under way for long is known for what it is; of another root
// it is known if it was heard.
bool IsReplaced(const domain::Worker& row, int64_t session) {
  constexpr int kStartBits = 32;
  if (session >> kStartBits == row.session >> kStartBits) return session < row.session;
  return std::find(row.retired_sessions.begin(), row.retired_sessions.end(), session) !=
         row.retired_sessions.end();
}

// The process that speaks becomes the one that counts, unless it has been replaced before.
Status TakeSession(State* state, LiveWorker* worker, int64_t session) {
  domain::Worker& row = worker->row;
  if (session == row.session) return {};
  if (IsReplaced(row, session)) {
    return Fail(Code::kFailedPrecondition, "another process of worker " + row.id +
                                               " has connected since: stop this one, or give it another id");
  }
  row.retired_sessions.push_back(row.session);
  if (row.retired_sessions.size() > kRetiredSessions)
    row.retired_sessions.erase(row.retired_sessions.begin());
  row.session = session;
  worker->last_sequence = 0;
  state->touched.workers.insert(row.id);
  state->Say(WorkerResource(row.id), "connected", "a new process");
  return {};
}

void TakeDescription(State* state, LiveWorker* worker, const Synchronize& input) {
  domain::Worker& row = worker->row;
  const WorkerState said = StateSaid(input);
  if (row.slots != input.slots || row.version != input.version || row.host != input.host ||
      row.labels != input.labels || row.host_memory_bytes != input.host_memory_bytes) {
    row.slots = input.slots;
    row.version = input.version;
    row.host = input.host;
    row.labels = input.labels;
    row.host_memory_bytes = input.host_memory_bytes;
    state->touched.workers.insert(row.id);
    state->WorkerChanged(worker);
  }
  if (!worker->heard) {
    state->WorkerChanged(worker);
    CollectAll(state);
  }
  NoteHeard(state, worker);
  if (row.state != said) {
    Move(&row.state, said);
    row.last_seen = state->now;
    state->touched.workers.insert(row.id);
    state->WorkerChanged(worker);
    state->Say(WorkerResource(row.id), Name(said), "");
  }
  const bool was_away = worker->away_since.has_value();
  NoteAvailability(state, worker);
  if (was_away && !worker->away_since) CollectAll(state);

  std::map<AttemptName, Occupied> reported;
  for (const AttemptStatus& status : input.attempts) {
    if (status.state != Reported::kEnded)
      reported[status.attempt] = {status.slots, status.share, status.memory_bytes};
  }
  if (reported != worker->reported) {
    worker->reported = std::move(reported);
    state->WorkerChanged(worker);
  }
}

// Where it began. From then on its parent's records are needed up to there.
void TakeStart(State* state, LiveJob* job, LiveAttempt* attempt, const AttemptStatus& status) {
  domain::Attempt& row = attempt->row;
  if (row.start_known || status.state == Reported::kStarting) return;
  row.start_known = true;
  state->Touch(row);
  if (!status.resumed || row.resume_attempt == 0) return;
  row.parent = row.resume_attempt;
  row.resume_step = status.resume_step;
  row.resume_record = status.resume_record;
  LiveAttempt& parent = job->attempts.at(row.parent);
  int64_t limit = 0;
  for (const auto& [number, child] : job->attempts) {
    if (child.row.parent == row.parent) limit = std::max(limit, child.row.resume_record);
  }
  if (limit == parent.row.record_limit) return;
  parent.row.record_limit = limit;
  state->Touch(parent.row);
}

// What may be learned of any attempt at any time, ended ones too.
void TakeFacts(State* state, LiveJob* job, LiveAttempt* attempt, const AttemptStatus& status) {
  domain::Attempt& row = attempt->row;
  TakeStart(state, job, attempt, status);
  if (status.checkpoint_step > row.checkpoint_step) {
    row.checkpoint_step = status.checkpoint_step;
    row.checkpoint_record = status.checkpoint_record;
    state->Touch(row);
    if (job->row.status.state == domain::JobState::kQueued) Rebind(state, job);
  }
  if ((status.trainer_pid != 0 && status.trainer_pid != row.trainer_pid) ||
      (!status.run_directory.empty() && status.run_directory != row.run_directory)) {
    if (status.trainer_pid != 0) row.trainer_pid = status.trainer_pid;
    if (!status.run_directory.empty()) row.run_directory = status.run_directory;
    state->Touch(row);
  }
  if (status.state == Reported::kEnded && !attempt->log_kept && !status.log_tail.empty()) {
    attempt->log_kept = true;
    state->changes.logs.push_back({row.name, status.log_tail, status.log_skipped_bytes});
  }
}

domain::ReportedEnd EndOf(const AttemptStatus& status) {
  domain::ReportedEnd end;
  end.outcome = status.outcome.value_or(Outcome::kFailed);
  end.reason = status.reason;
  end.retryable = status.retryable;
  end.cause = status.cause;
  end.last_record = status.last_record;
  end.final = status.final;
  end.numerics_json = status.numerics_json;
  if (end.reason.empty() && end.outcome != Outcome::kSucceeded) end.reason = "the worker gave no reason";
  return end;
}

// A machine that loses power loses what nobody had synced, of a log too: then the worker's end of before
// promises records that it has no more, and what it says now counts. Whether it is another.
bool ReviseEnd(State* state, LiveAttempt* attempt, const AttemptStatus& status) {
  domain::ReportedEnd& reported = *attempt->row.reported;
  const int64_t promised = reported.last_record;
  if (status.last_record >= promised || attempt->held_record >= promised) return false;
  const std::string left = "worker " + attempt->row.worker + " has " + std::to_string(status.last_record) +
                           " records of " + std::to_string(promised) + " left";
  if (status.state == Reported::kEnded) {
    reported = EndOf(status);
  } else {
    reported = {.outcome = Outcome::kFailed,
                .reason = left + ", and its end is lost",
                .retryable = true,
                .cause = FailureCause::kWorker,
                .last_record = status.last_record,
                .final = {},
                .numerics_json = {}};
  }
  state->Touch(attempt->row);
  state->Say(ToResource(attempt->row.name), "records_lost", left);
  return true;
}

void TakeStatus(State* state, const std::string& worker, const AttemptStatus& status) {
  LiveJob* job = state->FindJob(status.attempt.job);
  LiveAttempt* attempt = state->FindAttempt(status.attempt);
  if (attempt == nullptr || attempt->row.fence != status.fence || attempt->row.worker != worker) return;
  TakeFacts(state, job, attempt, status);
  if (attempt->row.state == AttemptState::kEnded) return;
  Renew(state, attempt);
  if (attempt->row.state == AttemptState::kFinishing) {
    if (ReviseEnd(state, attempt, status)) TryFinish(state, job, attempt);
  } else if (status.state == Reported::kEnded) {
    StartFinishing(state, attempt, EndOf(status));
    TryFinish(state, job, attempt);
  } else if (status.state == Reported::kRunning && attempt->row.state == AttemptState::kAssigned) {
    StartRunning(state, job, attempt);
  }
}

// Attempts that should be here and were not named.
void NoteMissing(State* state, LiveWorker* worker, const Synchronize& input) {
  std::map<AttemptName, std::set<Fence>> named;
  for (const AttemptStatus& status : input.attempts) named[status.attempt].insert(status.fence);
  const std::set<AttemptName> here = worker->attempts;
  for (const AttemptName& name : here) {
    LiveAttempt* attempt = state->FindAttempt(name);
    const auto said = named.find(name);
    if (said != named.end() && said->second.contains(attempt->row.fence)) continue;
    if (MayHaveRun(*state, attempt->row)) {
      Shorten(state, *attempt);
    } else if (input.leaving) {
      Lose(state, state->FindJob(name.job), attempt, "worker " + input.worker_id + " left before it started");
    }
  }
}

}  // namespace

Status OnSynchronize(State* state, const Synchronize& input) {
  LiveWorker* worker = FindOrAddWorker(state, input);
  OPTFLEET_RETURN_IF_ERROR(TakeSession(state, worker, input.session));
  if (input.sequence <= worker->last_sequence) return {};
  worker->last_sequence = input.sequence;
  TakeDescription(state, worker, input);
  for (const AttemptStatus& status : input.attempts) {
    TakeStatus(state, input.worker_id, status);
  }
  NoteMissing(state, worker, input);
  NoteLostRecords(state, input);
  TakeKept(state, worker, input);
  CollectKept(state);
  return {};
}

}  // namespace optfleet::engine
