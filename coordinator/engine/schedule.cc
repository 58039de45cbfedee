#include "coordinator/engine/schedule.h"

#include <algorithm>
#include <map>
#include <utility>

#include "coordinator/engine/estimates.h"
#include "coordinator/engine/offers.h"
#include "coordinator/engine/transitions.h"
#include "coordinator/scheduler/fit.h"

namespace optfleet::engine {
namespace {

// Some job looks for more than one free slot, so estimates matter.
bool SomeAreWide(const State& state) {
  return std::any_of(state.queue.classes().begin(), state.queue.classes().end(), [](const auto& entry) {
    const domain::Resources& request = entry.first.resources;
    return request.slots > 1 || request.share < domain::kWholeSlot;
  });
}

// At most so many jobs can be placed in one round.
int64_t RoomOf(const scheduler::WorkerOffer& offer) {
  if (!offer.unavailable.empty()) return 0;
  int64_t room = 0;
  for (const scheduler::SlotOffer& slot : offer.slots) room += slot.free_share;
  return room;
}

scheduler::RequestClass ClassOf(const State& state, const ClassKey& key, const WaitQueue::Places& places,
                                size_t room) {
  const LiveSweep& sweep = state.sweeps.at(key.sweep);
  scheduler::RequestClass one;
  one.sweep = key.sweep;
  one.resources = key.resources;
  one.bound_worker = key.bound_worker;
  one.priority = sweep.row.priority;
  if (sweep.row.pause != domain::Pause::kNo) one.held = "its sweep is paused";
  one.count = static_cast<int64_t>(places.size());
  for (auto place = places.begin(); place != places.end() && one.head.size() < room; ++place)
    one.head.push_back({place->first, {key.sweep, place->second}});
  if (!places.empty())
    one.expected = ExpectedRun(sweep, state.TotalStepsOf({key.sweep, places.begin()->second}));
  return one;
}

// What the placements of one plan leave of their workers: a plan that gave something out twice would be found
// out here, before anybody is told.
class Room {
 public:
  explicit Room(State* state) : state_(state) {}

  // False if it is not there, and then nothing is taken.
  bool Take(const scheduler::Placement& placement) {
    const LiveJob* job = state_->FindJob(placement.job);
    LiveWorker* worker = state_->FindWorker(placement.worker);
    if (job == nullptr || worker == nullptr || !state_->queue.Contains(job->row)) return false;
    const domain::Resources& request = job->row.definition.resources;
    if (static_cast<int32_t>(placement.slots.size()) != request.slots) return false;
    // As it was before the plan's first placement there.
    auto offer = offers_.find(placement.worker);
    if (offer == offers_.end())
      offer = offers_.emplace(placement.worker, OfferOf(*state_, worker, false)).first;
    return offer->second.unavailable.empty() && TakeSlots(&offer->second, placement.slots, request);
  }

 private:
  static scheduler::SlotOffer* Find(scheduler::WorkerOffer* offer, int32_t index) {
    const auto slot = std::lower_bound(offer->slots.begin(), offer->slots.end(), index,
                                       [](const auto& one, int32_t wanted) { return one.index < wanted; });
    return slot == offer->slots.end() || slot->index != index ? nullptr : &*slot;
  }

  static bool TakeSlots(scheduler::WorkerOffer* offer, const std::vector<int32_t>& slots,
                        const domain::Resources& request) {
    for (const int32_t index : slots) {
      const scheduler::SlotOffer* slot = Find(offer, index);
      if (slot == nullptr || slot->free_share < request.share) return false;
      if (slot->memory_bytes > 0 &&
          slot->free_memory_bytes < domain::MemoryTaken(request, slot->memory_bytes))
        return false;
    }
    for (const int32_t index : slots) {
      scheduler::SlotOffer* slot = Find(offer, index);
      slot->free_share -= request.share;
      slot->free_memory_bytes -= domain::MemoryTaken(request, slot->memory_bytes);
    }
    return true;
  }

  State* state_;
  std::map<std::string, scheduler::WorkerOffer> offers_;
};

void NoteReasons(State* state, const std::vector<ClassKey>& keys, const scheduler::Plan& plan) {
  std::vector<ClassReason> waiting;
  for (const scheduler::Waiting& wait : plan.waiting) {
    const ClassKey& key = keys[wait.of_class];
    waiting.push_back({key.sweep, key.resources, key.bound_worker, wait.reason});
  }
  if (waiting == state->waiting) return;
  state->waiting = waiting;
  state->changes.waiting = std::move(waiting);
}

}  // namespace

scheduler::Snapshot TakeSnapshot(State* state, std::vector<ClassKey>* keys) {
  scheduler::Snapshot snapshot;
  snapshot.now = state->now;
  // Estimates change with time; to follow them once a period is enough.
  const bool refresh = SomeAreWide(*state) && state->now - state->refreshed_at >= state->options.period;
  if (refresh) state->refreshed_at = state->now;
  int64_t room = 0;
  for (auto& [id, worker] : state->workers) {
    snapshot.workers.push_back(&OfferOf(*state, &worker, refresh));
    room += RoomOf(*snapshot.workers.back());
  }
  for (const auto& [key, places] : state->queue.classes()) {
    // A free slot holds as many as their shares allow.
    const auto most = static_cast<size_t>(room / (int64_t{key.resources.share} * key.resources.slots));
    snapshot.classes.push_back(ClassOf(*state, key, places, std::max<size_t>(most, 1)));
    keys->push_back(key);
    const LiveSweep& sweep = state->sweeps.at(key.sweep);
    if (sweep.row.max_running > 0)
      snapshot.places[key.sweep] = std::max(0, sweep.row.max_running - sweep.on_slots);
  }
  return snapshot;
}

void Schedule(State* state) {
  if (!state->plan_is_stale) return;
  std::vector<ClassKey> keys;
  const scheduler::Snapshot snapshot = TakeSnapshot(state, &keys);
  const scheduler::Plan plan = scheduler::MakePlan(snapshot, {});
  bool refused = false;
  Room room(state);
  for (const scheduler::Placement& placement : plan.placements) {
    if (room.Take(placement)) {
      Assign(state, state->FindJob(placement.job), placement.worker, placement.slots);
    } else {
      refused = true;
    }
  }
  state->plan_is_stale = refused;
  state->planned_at = state->now;
  state->reservations = plan.reservations;
  NoteReasons(state, keys, plan);
}

}  // namespace optfleet::engine
