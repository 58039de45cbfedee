#include "worker/engine/attempt.h"

#include <signal.h>

namespace optfleet::worker {

Conclusion Attempt::Now() const {
  if (verdict) return *verdict;
  if (!facts) return {};
  Conclusion conclusion = Conclude(*facts);
  if (conclusion.state != DirectoryState::kEnded || conclusion.by_result || !stop) return conclusion;
  // It was we who ended it: then the order says how, not the signal.
  if (!stop->terminated && !stop->killed) return conclusion;
  conclusion.outcome = stop->outcome;
  conclusion.retryable = false;
  conclusion.reason = stop->reason + "; the trainer did not stop by itself and was " +
                      (stop->killed ? "killed after the grace time" : "ended by SIGTERM");
  return conclusion;
}

bool Attempt::Alive() const {
  if (verdict) return false;
  if (folder_busy || facts_old) return !forget || !Ended();
  if (!facts) return false;
  const auto state = Now().state;
  return state == DirectoryState::kStarting || state == DirectoryState::kRunning;
}

bool Attempt::Settled() const {
  if (forget) return !Alive();
  return Ended() && ended_known && held >= last_record();
}

AttemptStatus Attempt::Status() const {
  const Conclusion now = Now();
  AttemptStatus status;
  status.key = key;
  status.slots = slots;
  status.share = share;
  status.memory_bytes = facts ? facts->job.slot.memory_bytes : memory_bytes;
  status.state = now.state == DirectoryState::kEnded     ? AttemptState::kEnded
                 : now.state == DirectoryState::kRunning ? AttemptState::kRunning
                                                         : AttemptState::kStarting;
  if (facts) {
    status.last_record = facts->last_record;
    status.checkpoint_step = facts->checkpoint_step;
    status.checkpoint_record = facts->checkpoint_record;
    status.trainer_pid = facts->started ? facts->started->trainer_pid : 0;
    status.run_directory = facts->folder;
    if (const auto& resume = facts->job.resume) {
      status.resumed = true;
      status.resume_step = resume->step;
      status.resume_record = resume->record;
    }
  }
  if (status.state != AttemptState::kEnded) return status;
  status.outcome = now.outcome;
  status.reason = now.reason;
  status.retryable = now.retryable;
  status.cause = now.cause;
  if (!facts) return status;
  if (now.by_result) {
    status.final = facts->result->final;
    status.numerics_json = facts->result->numerics.dump();
  }
  if (!forget) {
    status.log_tail = facts->output_tail;
    status.log_skipped_bytes = facts->output_skipped_bytes;
  }
  return status;
}

}  // namespace optfleet::worker
