#include "coordinator/engine/lost_records.h"

#include <algorithm>
#include <string>

#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

// Whether its worker has so many records of an attempt that has ended: a power cut may have taken some.
bool HasRecords(const Synchronize& input, const domain::Attempt& attempt, int64_t records) {
  return std::any_of(input.attempts.begin(), input.attempts.end(), [&](const AttemptStatus& status) {
    return status.attempt == attempt.name && status.fence == attempt.fence &&
           (status.state != AttemptStatus::State::kEnded || status.last_record >= records);
  });
}

void GiveUpWaiting(State* state, LiveJob* job, LiveAttempt* attempt, const Synchronize& input) {
  bool lost = false;
  const LiveAttempt* child = attempt;
  while (child->row.parent != 0) {
    LiveAttempt& parent = job->attempts.at(child->row.parent);
    const bool waits = parent.held_record < child->row.resume_record && !parent.records_lost;
    if (waits && parent.row.worker == input.worker_id &&
        !HasRecords(input, parent.row, child->row.resume_record)) {
      parent.records_lost = lost = true;
      state->Say(ToResource(parent.row.name), "records_lost",
                 "records " + std::to_string(parent.held_record + 1) + " to " +
                     std::to_string(child->row.resume_record) + " are neither held nor on worker " +
                     input.worker_id);
    }
    child = &parent;
  }
  if (lost) TryFinish(state, job, attempt);
}

}  // namespace

void NoteLostRecords(State* state, const Synchronize& input) {
  for (const AttemptStatus& status : input.attempts) {
    LiveAttempt* attempt = state->FindAttempt(status.attempt);
    const bool waits = attempt != nullptr && attempt->row.fence == status.fence &&
                       attempt->row.worker == input.worker_id && attempt->row.parent != 0 &&
                       attempt->row.state == domain::AttemptState::kFinishing;
    if (waits) GiveUpWaiting(state, state->FindJob(status.attempt.job), attempt, input);
  }
}

}  // namespace optfleet::engine
