// What a worker is told: the attempts it should have, those it can let go of, and the records that are held.
#include <set>
#include <utility>

#include "coordinator/domain/time_text.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/leases.h"
#include "coordinator/engine/resume.h"
#include "coordinator/engine/rungs.h"

namespace optfleet::engine {
namespace {

using domain::AttemptState;
using domain::JobState;
using Reported = AttemptStatus::State;

constexpr size_t kDeletionsAtOnce = 100;

bool JobWasEver(const State& state, const JobName& name) {
  auto found = state.sweeps.find(name.sweep);
  return found != state.sweeps.end() && name.job >= 1 && name.job <= found->second.row.job_count;
}

bool WasGivenOutHere(const State& state, const Fence& fence) {
  return fence.incarnation >= state.first_incarnation && fence.incarnation <= state.incarnation;
}

std::string NewestText(const LiveJob& job) {
  const LiveAttempt& newest = *job.newest();
  const std::string attempt = "attempt " + std::to_string(newest.row.name.attempt);
  switch (newest.row.state) {
    case AttemptState::kAssigned:
      return ", " + attempt + " was given to " + newest.row.worker;
    case AttemptState::kRunning:
      return ", " + attempt + " runs on " + newest.row.worker;
    case AttemptState::kFinishing:
      return ", " + attempt + " has run on " + newest.row.worker;
    case AttemptState::kEnded:
      break;
  }
  return ", the job is queued again";
}

std::string WhyOver(const LiveJob& job, const LiveAttempt& attempt) {
  const std::string name = "attempt " + std::to_string(attempt.row.name.attempt);
  const std::string when = " at " + domain::ClockText(*attempt.row.end_time);
  if (attempt.row.outcome == Outcome::kLost) return name + " was given up" + when + NewestText(job);
  return name + " ended" + when;
}

// A whole slot comes with all its memory.
int64_t MemoryOf(const domain::Resources& request) {
  return request.share == domain::kWholeSlot ? 0 : request.memory_bytes;
}

class AnswerBuilder {
 public:
  AnswerBuilder(const State& state, const Synchronize& input) : state_(state), input_(input) {}

  SynchronizeAnswer Build() {
    std::set<AttemptName> named;
    for (const AttemptStatus& status : input_.attempts) {
      if (IsOurAttempt(status)) named.insert(status.attempt);
      AnswerStatus(status);
    }
    auto worker = state_.workers.find(input_.worker_id);
    AnswerKept(worker->second);
    for (const AttemptName& name : worker->second.attempts) AskFor(name, named.contains(name));
    answer_.next_call = eager_ ? state_.options.eager_period : state_.options.period;
    answer_.lease = state_.options.lease;
    answer_.incarnation = state_.incarnation;
    return std::move(answer_);
  }

 private:
  // Of an open job, and not one of the same name that was given out before a backup was restored.
  bool IsOurAttempt(const AttemptStatus& status) const {
    const auto job = state_.jobs.find(status.attempt.job);
    if (job == state_.jobs.end() || !state_.IsOpen(status.attempt.job)) return false;
    const auto found = job->second.attempts.find(status.attempt.attempt);
    return found != job->second.attempts.end() && found->second.row.fence == status.fence;
  }

  void Release(const AttemptStatus& status, std::string reason, bool keep_checkpoints) {
    answer_.forget.push_back({.attempt = status.attempt,
                              .fence = status.fence,
                              .kill = status.state != Reported::kEnded,
                              .reason = std::move(reason),
                              .keep_checkpoints = keep_checkpoints});
  }

  void AnswerStatus(const AttemptStatus& status) {
    if (!state_.IsOpen(status.attempt.job)) {
      if (JobWasEver(state_, status.attempt.job)) return Release(status, "the job has ended", false);
      // Of a sweep that this database does not hold. A backup was restored that is older than the sweep; or
      // another database gave it out, and then it is not ours to end: the worker may have been pointed here
      // by mistake.
      if (WasGivenOutHere(state_, status.fence))
        Release(status, "the database was restored from a backup that is older than its sweep", false);
      return;
    }
    if (!IsOurAttempt(status)) {
      Release(status,
              "it was given out by database incarnation " + std::to_string(status.fence.incarnation) +
                  ", of which incarnation " + std::to_string(state_.incarnation) + " does not know it",
              false);
      return;
    }
    const LiveJob& job = state_.jobs.at(status.attempt.job);
    const LiveAttempt& attempt = job.attempts.at(status.attempt.attempt);
    if (attempt.row.worker != input_.worker_id) {
      Release(status, "it belongs to worker " + attempt.row.worker, false);
      return;
    }
    answer_.held.push_back({status.attempt, attempt.held_record});
    if (attempt.row.state == AttemptState::kEnded) AnswerEnded(job, attempt, status);
    if (attempt.row.state == AttemptState::kFinishing) eager_ = true;
  }

  void AnswerEnded(const LiveJob& job, const LiveAttempt& attempt, const AttemptStatus& status) {
    const bool newer_lives = job.newest()->row.state != AttemptState::kEnded;
    if (status.state != Reported::kEnded) {
      if (newer_lives || job.newest() != &attempt) {
        // Its process ends at once; what the newer one rests on stays until it is safe.
        Release(status, WhyOver(job, attempt), IsStillNeeded(state_, job, attempt));
      } else {
        // Nothing has taken its place: let it save what it has, the next attempt goes on from there.
        Stop(attempt.row, Outcome::kPreempted, WhyOver(job, attempt), true);
      }
      return;
    }
    // Its records may still be wanted; it is let go of when they are held.
    if (attempt.held_record < NeededRecord(state_, job, attempt)) return;
    Release(status, WhyOver(job, attempt), IsStillNeeded(state_, job, attempt));
  }

  void Stop(const domain::Attempt& row, Outcome outcome, std::string reason, bool with_checkpoint) {
    eager_ = true;
    answer_.attempts.push_back({.attempt = row.name,
                                .fence = row.fence,
                                .action = DesiredAttempt::Action::kStop,
                                .slots = row.slots,
                                .share = domain::kWholeSlot,
                                .memory_bytes = 0,
                                .pause_step = 0,
                                .with_spec = false,
                                .spec_json = {},
                                .resume_parent = {},
                                .resume_parent_fence = {},
                                .stop_outcome = outcome,
                                .stop_reason = std::move(reason),
                                .stop_with_checkpoint = with_checkpoint});
  }

  // Said again until its list is without them, some at a time.
  void AnswerKept(const LiveWorker& worker) {
    answer_.list_kept = !input_.kept_digest.empty() && input_.kept_digest != worker.kept_digest;
    for (const domain::KeptId& id : worker.releasing) {
      if (answer_.delete_kept.size() == kDeletionsAtOnce) break;
      const AttemptName& attempt = id.name.attempt;
      answer_.delete_kept.push_back({attempt, {id.incarnation, attempt.attempt}, id.name.step});
    }
  }

  // An open attempt of this worker.
  void AskFor(const AttemptName& name, bool named) {
    const LiveJob& job = state_.jobs.at(name.job);
    const domain::Attempt& row = job.attempts.at(name.attempt).row;
    if (row.state == AttemptState::kAssigned) eager_ = true;
    if (job.row.status.stop) {
      Stop(row, *job.row.status.stop, job.row.status.stop_reason, false);
      return;
    }
    if (const std::string why = WhyPreempted(job); !why.empty()) {
      Stop(row, Outcome::kPreempted, why, true);
      return;
    }
    // One that ran here and is gone is not begun again under the same fence: its lease ends soon.
    if (!named && MayHaveRun(state_, row)) return;
    DesiredAttempt desired;
    desired.attempt = name;
    desired.fence = row.fence;
    desired.slots = row.slots;
    desired.share = job.row.definition.resources.share;
    desired.memory_bytes = MemoryOf(job.row.definition.resources);
    desired.pause_step = PauseStep(state_, job);
    desired.with_spec = row.state == AttemptState::kAssigned;
    if (row.resume_attempt != 0) {
      const domain::Attempt& parent = job.attempts.at(row.resume_attempt).row;
      desired.resume_parent = parent.name;
      desired.resume_parent_fence = parent.fence;
    }
    answer_.attempts.push_back(std::move(desired));
  }

  // Why an attempt here gives its slots back though nobody stopped its job; empty if it goes on.
  std::string WhyPreempted(const LiveJob& job) const {
    if (state_.sweeps.at(job.row.name().sweep).row.pause == domain::Pause::kStopRunning)
      return "its sweep was paused";
    if (state_.workers.at(input_.worker_id).row.drain == domain::Pause::kStopRunning)
      return "its worker is drained";
    return "";
  }

  const State& state_;
  const Synchronize& input_;
  SynchronizeAnswer answer_;
  bool eager_ = false;
};

}  // namespace

SynchronizeAnswer AnswerTo(const State& state, const Synchronize& input) {
  return AnswerBuilder(state, input).Build();
}

}  // namespace optfleet::engine
