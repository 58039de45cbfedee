// A sweep gets more to do: ended jobs are tried again, or it is extended by new points.
#include <set>
#include <utility>

#include "coordinator/engine/add_jobs.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/kept.h"
#include "coordinator/engine/requests.h"
#include "coordinator/engine/totals.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

using domain::JobState;
using domain::SweepState;

Error Changed(const std::string& sweep) {
  return Error(Code::kAborted, SweepResource(sweep) + " has changed meanwhile; repeat the call");
}

void Reopen(State* state, LiveSweep* sweep) {
  ++sweep->row.revision;
  sweep->row.cancel_requested = false;
  if (sweep->row.state != SweepState::kActive) {
    Move(&sweep->row.state, SweepState::kActive);
    sweep->row.end_time.reset();
  }
  state->touched.sweeps.insert(sweep->row.id);
  state->plan_is_stale = true;
}

Status CheckRetry(const LiveSweep& sweep, const RetryJobs& input) {
  if (!input.not_ended.empty()) {
    return Fail(Code::kFailedPrecondition, ToResource(JobName{input.sweep_id, input.not_ended.front()}) +
                                               " has not ended, or there is no such job; only ended jobs "
                                               "can be tried again");
  }
  for (const EndedJob& ended : input.jobs) {
    const domain::JobStatus& status = ended.job.status;
    const std::string name = ToResource(ended.job.name());
    if (status.outcome == Outcome::kSucceeded) {
      return Fail(Code::kFailedPrecondition,
                  name + " succeeded; to train it again submit it with another training.seed");
    }
    if (sweep.ended.best_job == ended.job.name().job) {
      return Fail(Code::kFailedPrecondition, name + " is the best of its sweep so far and stays as it is");
    }
    if (status.objective && sweep.best.contains({*status.objective, ended.job.name().job})) {
      return Fail(Code::kFailedPrecondition,
                  name + " is among the best of its sweep, whose checkpoints are kept, and stays as it is");
    }
  }
  return {};
}

// Takes the job out of the totals of what has ended.
void Uncount(LiveSweep* sweep, const domain::JobStatus& status) {
  const std::string outcome(OutcomeName(*status.outcome));
  if (--sweep->ended.by_outcome[outcome] == 0) sweep->ended.by_outcome.erase(outcome);
  sweep->ended_steps -= status.step;
}

void QueueEnded(State* state, const EndedJob& ended, const std::string& reason) {
  LiveJob job;
  job.row = ended.job;
  NoteStarts(state, job.row.name(), job.row.definition.spec_json);
  job.row.definition.parameters.clear();  // as of every job, the store keeps the texts
  job.row.definition.spec_json.clear();
  job.row.definition.spec_hash.clear();
  domain::JobStatus& status = job.row.status;
  const std::string before(OutcomeName(*status.outcome));
  Move(&status.state, JobState::kQueued);
  status.outcome.reset();
  status.reason = "tried again" + (reason.empty() ? "" : " (" + reason + ")") + ", it had ended " + before;
  status.failures = 0;
  status.not_before.reset();
  status.stop.reset();
  status.stop_reason.clear();
  status.step = 0;
  status.final.clear();
  status.objective.reset();
  status.end_time.reset();
  for (const domain::Attempt& row : ended.attempts) {
    LiveAttempt attempt;
    attempt.row = row;
    if (auto held = ended.held.find(row.name); held != ended.held.end()) {
      attempt.held_record = held->second.record;
      attempt.step = held->second.step;
    }
    // Its worker was told that nothing of it is needed any more when the job ended.
    attempt.row.checkpoint_step = 0;
    attempt.row.checkpoint_record = 0;
    state->Touch(attempt.row);
    job.attempts.emplace(row.name.attempt, std::move(attempt));
  }
  state->Touch(job.row);
  state->Say(ToResource(job.row.name()), "queued", status.reason);
  const JobName name = job.row.name();
  Enqueue(state, &state->jobs.emplace(name, std::move(job)).first->second);
}

}  // namespace

Answer OnRetryJobs(State* state, const RetryJobs& input) {
  // Before the request is remembered: what is refused may be repeated with the same id.
  auto known = state->sweeps.find(input.sweep_id);
  const bool is_repeat = !input.request_id.empty() && state->requests.contains(input.request_id);
  if (known != state->sweeps.end() && !is_repeat) {
    if (known->second.row.revision != input.revision) return Changed(input.sweep_id);
    if (auto good = CheckRetry(known->second, input); !good.has_value()) return good.error();
  }
  const std::string hash = ContentHash({"retry_jobs", input.sweep_id, input.content_hash});
  const auto begun = BeginOnSweep(state, input.request_id, hash, input.sweep_id);
  if (!begun.has_value()) return begun.error();
  if (*begun == nullptr || input.jobs.empty()) return SweepAnswer{input.sweep_id};
  for (const EndedJob& ended : input.jobs) {
    Uncount(*begun, ended.job.status);
    QueueEnded(state, ended, input.reason);
  }
  Reopen(state, *begun);
  return SweepAnswer{input.sweep_id};
}

Answer OnExtendSweep(State* state, ExtendSweep input) {
  auto known = state->sweeps.find(input.sweep_id);
  const bool is_repeat = !input.request_id.empty() && state->requests.contains(input.request_id);
  if (known != state->sweeps.end() && !is_repeat) {
    const domain::Sweep& row = known->second.row;
    if (row.revision != input.revision) return Changed(input.sweep_id);
    if (row.objective != input.objective) {
      return Error(Code::kInvalidArgument, SweepResource(row.id) + " compares its jobs by " + row.objective +
                                               ", the file by " + input.objective +
                                               "; submit it as a sweep of its own");
    }
  }
  const std::string hash = ContentHash({"extend_sweep", input.sweep_id, input.content_hash});
  const auto begun = BeginOnSweep(state, input.request_id, hash, input.sweep_id);
  if (!begun.has_value()) return begun.error();
  if (*begun == nullptr || input.points.empty()) return SweepAnswer{input.sweep_id};

  LiveSweep& sweep = **begun;
  Extension extension{.sweep = input.sweep_id,
                      .revision = sweep.row.revision + 1,
                      .source = input.source,
                      .jobs = {},
                      .parameters = input.parameters};
  const int32_t had = sweep.row.job_count;
  const int32_t had_reused = sweep.row.reused_jobs;
  AddJobs(state, std::move(input.points), input.sweep_id, &extension.jobs);
  sweep.row.axes = input.axes;
  sweep.row.merged_points = input.merged_points;
  Reopen(state, &sweep);
  state->Say(SweepResource(input.sweep_id), "extended",
             "by " + JobsText(sweep.row.job_count - had, sweep.row.reused_jobs - had_reused));
  EndIfDone(state, &sweep);
  state->changes.extensions.push_back(std::move(extension));
  return SweepAnswer{input.sweep_id};
}

}  // namespace optfleet::engine
