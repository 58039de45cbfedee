#include "coordinator/engine/schedule.h"

#include <algorithm>
#include <utility>

#include "coordinator/domain/time_text.h"
#include "coordinator/engine/transitions.h"
#include "coordinator/scheduler/plan.h"

namespace optfleet::engine {
namespace {

using domain::WorkerState;

std::string WhyUnavailable(const LiveWorker& worker) {
  if (worker.row.state == WorkerState::kDraining) return "is draining";
  if (worker.row.state == WorkerState::kGone) return "has left";
  if (worker.row.state == WorkerState::kUnreachable) {
    return "has not been heard of since " + domain::ClockText(worker.last_seen);
  }
  if (!worker.heard) return "has not been heard of since the coordinator started";
  return "";
}

std::set<int32_t> TakenSlots(const State& state, const LiveWorker& worker) {
  std::set<int32_t> taken = worker.reported_slots;
  for (const AttemptName& name : worker.attempts) {
    const auto& slots = state.jobs.at(name.job).attempts.at(name.attempt).row.slots;
    taken.insert(slots.begin(), slots.end());
  }
  return taken;
}

scheduler::WorkerOffer OfferOf(const State& state, const LiveWorker& worker) {
  scheduler::WorkerOffer offer;
  offer.worker = worker.row.id;
  offer.slots = static_cast<int32_t>(worker.row.slots.size());
  offer.unavailable = WhyUnavailable(worker);
  if (worker.away_since) offer.fresh_at = *worker.away_since + state.options.lease;
  const std::set<int32_t> taken = TakenSlots(state, worker);
  for (const domain::Slot& slot : worker.row.slots) {
    if (!taken.contains(slot.index)) offer.free.push_back({slot.index, slot.kind});
  }
  std::sort(offer.free.begin(), offer.free.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  return offer;
}

// Re-checks a placement against the state as it is now; the plan was made for a snapshot.
bool IsStillGood(State* state, const scheduler::Placement& placement) {
  const LiveJob* job = state->FindJob(placement.job);
  const LiveWorker* worker = state->FindWorker(placement.worker);
  if (job == nullptr || worker == nullptr || !state->queue.Contains(job->row)) return false;
  if (!WhyUnavailable(*worker).empty() || placement.slots.empty()) return false;
  const std::set<int32_t> taken = TakenSlots(*state, *worker);
  return std::none_of(placement.slots.begin(), placement.slots.end(),
                      [&](int32_t slot) { return taken.contains(slot); });
}

}  // namespace

void Schedule(State* state) {
  if (!state->plan_is_stale) return;
  scheduler::Snapshot snapshot;
  size_t free = 0;
  for (const auto& [id, worker] : state->workers) {
    snapshot.workers.push_back(OfferOf(*state, worker));
    free += snapshot.workers.back().free.size();
  }
  snapshot.classes = state->queue.Heads(free);
  const scheduler::Plan plan = scheduler::MakePlan(snapshot, {});
  bool refused = false;
  for (const scheduler::Placement& placement : plan.placements) {
    if (IsStillGood(state, placement)) {
      Assign(state, state->FindJob(placement.job), placement.worker, placement.slots);
    } else {
      refused = true;
    }
  }
  state->plan_is_stale = refused;

  std::vector<ClassReason> waiting;
  for (const scheduler::Waiting& wait : plan.waiting) waiting.push_back({wait.bound_worker, wait.reason});
  if (waiting == state->waiting) return;
  state->waiting = waiting;
  state->changes.waiting = std::move(waiting);
}

}  // namespace optfleet::engine
