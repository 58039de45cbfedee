// Ended jobs are tried again.
#include <set>
#include <utility>

#include "coordinator/engine/handlers.h"
#include "coordinator/engine/kept.h"
#include "coordinator/engine/requests.h"
#include "coordinator/engine/rungs.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

using domain::JobState;

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
    if (status.objective &&
        sweep.best.contains({sweep.row.objective.CostOf(*status.objective), ended.job.name().job})) {
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
  RejoinRungs(state, &job);
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
  const std::string hash = ContentHash({"retry_jobs", input.sweep_id, input.content_hash});
  const auto asked = AskedOfSweep(state, input.request_id, hash, input.sweep_id);
  if (!asked.has_value()) return asked.error();
  if (asked->earlier) return SweepAnswer{input.sweep_id, true, JobsOf(*asked->earlier)};
  // Before the request is remembered: what is refused may be repeated with the same id.
  if (asked->sweep->row.revision != input.revision) return HasChanged(input.sweep_id);
  if (auto good = CheckRetry(*asked->sweep, input); !good.has_value()) return good.error();
  SweepAnswer answer{input.sweep_id};
  for (const EndedJob& ended : input.jobs) answer.jobs.push_back(ended.job.name().job);
  RememberRequest(state, input.request_id, hash, SubjectOf(input.sweep_id, answer.jobs));
  if (input.jobs.empty()) return answer;
  for (const EndedJob& ended : input.jobs) {
    Uncount(asked->sweep, ended.job.status);
    QueueEnded(state, ended, input.reason);
  }
  Reopen(state, asked->sweep);
  return answer;
}

}  // namespace optfleet::engine
