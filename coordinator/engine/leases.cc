#include "coordinator/engine/leases.h"

#include <algorithm>

namespace optfleet::engine {
namespace {

using domain::WorkerState;

// Rows on disk may lag by a tenth of a lease, so that a renewal each second is not a write each second. They
// are ahead after a start with a clock that was set back.
bool IsNear(Time written, Time now, const Options& options) {
  return written <= now && now - written < options.lease / 10;
}

}  // namespace

void Renew(State* state, LiveAttempt* attempt) {
  const Time deadline = state->now + state->options.lease;
  state->deadlines.Set(DeadlineKey::Lease(attempt->row.name), deadline);
  if (IsNear(*attempt->row.lease_time, deadline, state->options)) return;
  attempt->row.lease_time = deadline;
  state->Touch(attempt->row);
}

bool MayHaveRun(const State& state, const domain::Attempt& attempt) {
  return attempt.state != domain::AttemptState::kAssigned || attempt.fence.incarnation < state.incarnation;
}

void Shorten(State* state, const LiveAttempt& attempt) {
  const DeadlineKey key = DeadlineKey::Lease(attempt.row.name);
  const Time soon = state->now + state->options.period * state->options.missed_periods;
  state->deadlines.Set(key, std::min(soon, *state->deadlines.Of(key)));
}

void NoteHeard(State* state, LiveWorker* worker) {
  worker->heard = true;
  worker->last_seen = state->now;
  if (!IsNear(worker->row.last_seen, state->now, state->options)) {
    worker->row.last_seen = state->now;
    state->touched.workers.insert(worker->row.id);
  }
  state->deadlines.Set(DeadlineKey::Silence(worker->row.id),
                       state->now + state->options.period * state->options.missed_periods);
}

void NoteAvailability(State* state, LiveWorker* worker) {
  const DeadlineKey away = DeadlineKey::Away(worker->row.id);
  if (worker->row.state == WorkerState::kGone) state->deadlines.Clear(DeadlineKey::Silence(worker->row.id));
  if (worker->row.state == WorkerState::kReady) {
    worker->away_since.reset();
    worker->offer.reset();
    state->deadlines.Clear(away);
  } else if (!worker->away_since) {
    worker->away_since = state->now;
    worker->offer.reset();
    state->deadlines.Set(away, state->now + state->options.lease);
  }
}

void GrantAll(State* state) {
  for (auto& [name, job] : state->jobs) {
    LiveAttempt* newest = job.newest();
    if (newest != nullptr && newest->row.state != domain::AttemptState::kEnded) Renew(state, newest);
  }
  for (auto& [id, worker] : state->workers) {
    if (worker.away_since) {
      worker.away_since = state->now;
      worker.offer.reset();
      state->deadlines.Set(DeadlineKey::Away(id), state->now + state->options.lease);
    }
    if (worker.row.state == WorkerState::kReady || worker.row.state == WorkerState::kDraining) {
      state->deadlines.Set(DeadlineKey::Silence(id),
                           state->now + state->options.period * state->options.missed_periods);
    }
  }
}

}  // namespace optfleet::engine
