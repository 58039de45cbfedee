// Records that the metrics store holds.
#include <algorithm>

#include "coordinator/engine/handlers.h"
#include "coordinator/engine/stopping.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {

void OnRecordsHeld(State* state, const RecordsHeld& input) {
  LiveJob* job = state->FindJob(input.attempt.job);
  LiveAttempt* attempt = state->FindAttempt(input.attempt);
  if (attempt == nullptr || input.record <= attempt->held_record) return;
  attempt->held_record = input.record;
  attempt->step = input.step;
  // What is kept for a job is looked at again as it becomes known how long the rest will take.
  if (!state->reservations.empty() && state->now - state->planned_at >= state->options.period)
    state->plan_is_stale = true;
  Observe(state, job, *attempt, input.observations);
  // The newest attempt may have waited for its own records or for those of the attempts it resumed from.
  LiveAttempt* newest = job->newest();
  if (newest->row.state == domain::AttemptState::kFinishing) TryFinish(state, job, newest);
}

void FinishWhatCan(State* state) {
  if (!state->check_finishing) return;
  state->check_finishing = false;
  for (auto& [name, job] : state->jobs) {
    LiveAttempt* newest = job.newest();
    if (newest != nullptr && newest->row.state == domain::AttemptState::kFinishing)
      TryFinish(state, &job, newest);
  }
}

}  // namespace optfleet::engine
