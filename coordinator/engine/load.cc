#include "coordinator/engine/load.h"

#include <algorithm>
#include <utility>

#include "coordinator/engine/guards.h"
#include "coordinator/engine/invariants.h"
#include "coordinator/engine/kept.h"
#include "coordinator/engine/leases.h"
#include "coordinator/engine/stopping.h"
#include "coordinator/engine/totals.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

using domain::AttemptState;
using domain::WorkerState;

Error Contradiction(const std::string& what) {
  return Error(Code::kDataLoss, "the coordinator's database contradicts itself: " + what +
                                    "; restore a backup of state.db, or move it away to begin anew");
}

void LoadWorkers(State* state, std::vector<domain::Worker> rows) {
  for (domain::Worker& row : rows) {
    LiveWorker worker;
    worker.last_seen = row.last_seen;
    worker.row = std::move(row);
    // Written under a clock that was set back since.
    if (auto& until = worker.row.excluded_until)
      until = std::min(*until, state->now + state->options.longest_exclusion);
    if (worker.row.excluded_until)
      state->deadlines.Set(DeadlineKey::Excluded(worker.row.id), *worker.row.excluded_until);
    if (worker.row.state != WorkerState::kReady) {
      worker.away_since = state->now;
      state->deadlines.Set(DeadlineKey::Away(worker.row.id), state->now + state->options.lease);
    }
    state->workers.emplace(worker.row.id, std::move(worker));
  }
}

Status LoadAttempts(State* state, SavedState* saved) {
  for (domain::Attempt& row : saved->attempts) {
    const AttemptName name = row.name;
    LiveJob* job = state->FindJob(name.job);
    LiveWorker* worker = state->FindWorker(row.worker);
    if (job == nullptr || worker == nullptr)
      return Fail(Contradiction(ToResource(name) + " has no job or no worker"));
    // Written under a clock that was set back since.
    if (row.state != AttemptState::kEnded && row.start_time)
      row.start_time = std::min(*row.start_time, state->now);
    LiveAttempt attempt;
    if (auto held = saved->held.find(name); held != saved->held.end()) {
      attempt.held_record = held->second.record;
      attempt.step = held->second.step;
    }
    if (row.state == AttemptState::kAssigned || row.state == AttemptState::kRunning) {
      worker->attempts.insert(name);
      ++state->SweepOf(name.job).on_slots;
    }
    if (row.state != AttemptState::kEnded && row.start_time) {
      domain::SlotTime& slot_time = state->SweepOf(name.job).slot_time;
      const int64_t shares = domain::SharesOf(job->row.definition.resources);
      slot_time.AddPast(domain::SlotMicrosBetween(*row.start_time, state->now, shares));
      slot_time.Hold(shares, state->now);
    }
    if (row.state != AttemptState::kEnded && row.lease_time) {
      state->deadlines.Set(DeadlineKey::Lease(name), *row.lease_time);
    }
    attempt.row = std::move(row);
    job->attempts.emplace(name.attempt, std::move(attempt));
  }
  return {};
}

void LoadKept(State* state, SavedState* saved) {
  for (domain::KeptCheckpoint& row : saved->kept) {
    LiveWorker* worker = state->FindWorker(row.id.worker);
    if (worker != nullptr && row.released_time) worker->releasing.insert(row.id);
    const domain::KeptId id = row.id;
    state->kept.emplace(id, std::move(row));
  }
  state->pins.insert(saved->pins.begin(), saved->pins.end());
  state->starts = std::move(saved->starts);
  CollectAll(state);
}

}  // namespace

Result<std::unique_ptr<State>> LoadState(const Options& options, SavedState saved, Time now) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->incarnation = saved.incarnation;
  state->first_incarnation = saved.first_incarnation;
  state->now = state->clock = now;
  for (SavedSweep& sweep : saved.sweeps) {
    const std::string id = sweep.sweep.id;
    LiveSweep live;
    live.row = std::move(sweep.sweep);
    live.ended = std::move(sweep.ended);
    live.ended_steps = sweep.ended_steps;
    live.best = std::move(sweep.best);
    live.fresh = std::move(sweep.fresh);
    live.fresh.ForEach([&](int32_t number, const JobKind& kind) { state->queue.Add(id, number, kind); });
    live.finished = sweep.finished;
    if (live.row.search.halving) live.halving.emplace(live.row.search.halving->factor);
    live.slot_time.AddPast(sweep.ended_slot_time);
    BeginStopping(&live);
    WatchIfActive(state.get(), live);
    GuardIfActive(state.get(), live);
    for (const sweeps::RungResult& result : sweep.rungs) {
      live.halving->Restore(result);
      live.halving->Leave(result.job);  // unless it turns out to be open
    }
    if (IsStageDue(live)) state->due_stages.insert(id);
    state->sweeps[id] = std::move(live);
  }
  for (domain::Request& request : saved.requests) state->requests.emplace(request.id, request);
  state->waiting = std::move(saved.waiting);
  LoadWorkers(state.get(), std::move(saved.workers));
  for (domain::Job& row : saved.jobs) {
    const JobName name = row.name();
    LiveJob& job = state->jobs[name];
    job.row = std::move(row);
    // Written under a clock that was set back since.
    if (auto& until = job.row.status.not_before) until = std::min(*until, now + options.longest_backoff);
    if (job.row.status.state == domain::JobState::kQueued) Enqueue(state.get(), &job);
    LiveSweep& sweep = state->SweepOf(name);
    sweep.slot_time.AddPast(job.row.status.slot_time);
    if (sweep.halving && job.row.status.rung != domain::kNoRung) sweep.halving->Return(name.job);
    if (job.row.status.state != domain::JobState::kPaused) continue;
    ++sweep.paused;
    state->unsettled.insert(name.sweep);
  }
  OPTFLEET_RETURN_IF_ERROR(LoadAttempts(state.get(), &saved));
  LoadKept(state.get(), &saved);
  ObserveAgain(state.get(), saved.reports);
  if (const auto violations = Violations(*state); !violations.empty())
    return Fail(Contradiction(violations.front()));
  GrantAll(state.get());
  state->check_finishing = true;
  return state;
}

}  // namespace optfleet::engine
