#include "coordinator/engine/health.h"

#include <algorithm>

#include "coordinator/domain/time_text.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

void Exclude(State* state, LiveWorker* worker, const std::string& last_reason) {
  const Options& options = state->options;
  Duration time = options.first_exclusion;
  for (int32_t i = options.failures_to_exclude;
       i < worker->row.failures_in_a_row && time < options.longest_exclusion; ++i) {
    time *= 2;
  }
  worker->row.excluded_until = state->now + std::min(time, options.longest_exclusion);
  state->deadlines.Set(DeadlineKey::Excluded(worker->row.id), *worker->row.excluded_until);
  state->WorkerChanged(worker);
  // What could resume there goes on elsewhere.
  for (const JobName& name : state->queue.BoundTo(worker->row.id)) Rebind(state, state->FindJob(name));
  state->Say(WorkerResource(worker->row.id), "excluded",
             std::to_string(worker->row.failures_in_a_row) + " attempts in a row failed there, the last: " +
                 last_reason + "; it is left alone until " + domain::ClockText(*worker->row.excluded_until));
}

}  // namespace

void NoteEndOnWorker(State* state, const LiveAttempt& attempt) {
  LiveWorker* worker = state->FindWorker(attempt.row.worker);
  if (worker == nullptr || !attempt.row.reported) return;
  const domain::ReportedEnd& end = *attempt.row.reported;
  domain::Worker& row = worker->row;
  if (IsResult(end.outcome)) {
    if (row.failures_in_a_row == 0) return;
    row.failures_in_a_row = 0;
    state->touched.workers.insert(row.id);
    return;
  }
  // What the user or the job did wrong says nothing about the worker.
  if (end.outcome != Outcome::kFailed || !end.retryable) return;
  // A fault of the device is reason enough at once.
  const int32_t weight = end.cause == FailureCause::kDeviceFault ? state->options.failures_to_exclude : 1;
  row.failures_in_a_row += weight;
  state->touched.workers.insert(row.id);
  if (row.failures_in_a_row >= state->options.failures_to_exclude) Exclude(state, worker, end.reason);
}

void ExclusionEnded(State* state, const std::string& id) {
  LiveWorker* worker = state->FindWorker(id);
  if (worker == nullptr || !worker->row.excluded_until) return;
  // The count stays: should the next attempt fail as well, it is left alone for longer.
  worker->row.excluded_until.reset();
  state->touched.workers.insert(id);
  state->WorkerChanged(worker);
  state->Say(WorkerResource(id), "tried again", "its exclusion is over");
}

void ForgiveWorker(State* state, LiveWorker* worker) {
  if (!worker->row.excluded_until && worker->row.failures_in_a_row == 0) return;
  worker->row.failures_in_a_row = 0;
  worker->row.excluded_until.reset();
  state->deadlines.Clear(DeadlineKey::Excluded(worker->row.id));
  state->touched.workers.insert(worker->row.id);
  state->WorkerChanged(worker);
}

}  // namespace optfleet::engine
