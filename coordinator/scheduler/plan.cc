#include "coordinator/scheduler/plan.h"

#include "coordinator/scheduler/planner.h"
#include "coordinator/scheduler/reasons.h"

namespace optfleet::scheduler {

bool Planner::Later::operator()(const Turn& a, const Turn& b) const {
  if (a.priority != b.priority) return a.priority < b.priority;
  if (a.place != b.place) return b.place < a.place;
  return b.of_class < a.of_class;
}

Planner::Planner(const Snapshot& snapshot, const Policy& policy)
    : snapshot_(snapshot),
      pool_(snapshot, policy),
      places_(snapshot.places),
      placed_(snapshot.classes.size(), 0) {
  demands_.reserve(snapshot.classes.size());
  for (const RequestClass& one : snapshot.classes) demands_.push_back(pool_.DemandOf(one));
}

Plan Planner::Make() {
  for (size_t i = 0; i < snapshot_.classes.size(); ++i) {
    const RequestClass& one = snapshot_.classes[i];
    if (one.held.empty() && !one.head.empty()) turns_.push({one.priority, one.head[0], i});
  }
  while (!turns_.empty()) {
    const Turn turn = turns_.top();
    turns_.pop();
    PlaceNext(turn);
  }
  SayWhoWaits();
  return std::move(plan_);
}

// One job of the class; the class leaves the round with the first of its jobs that finds no room, since room
// never grows within a round.
void Planner::PlaceNext(const Turn& turn) {
  const RequestClass& one = snapshot_.classes[turn.of_class];
  const Demand& demand = demands_[turn.of_class];
  auto limit = places_.find(one.sweep);
  if (limit != places_.end() && limit->second <= 0) return;
  const auto worker = pool_.Find(demand, one.bound_worker);
  if (!worker) {
    if (auto reservation = pool_.Reserve(demand, one.bound_worker)) {
      reservation->job = turn.place.job;
      plan_.reservations.push_back(*std::move(reservation));
    }
    return;
  }
  plan_.placements.push_back(
      {turn.place.job, snapshot_.workers[*worker]->worker, pool_.Take(*worker, demand)});
  if (limit != places_.end()) --limit->second;
  const size_t next = ++placed_[turn.of_class];
  if (next < one.head.size()) turns_.push({one.priority, one.head[next], turn.of_class});
}

std::string Planner::ReasonOf(size_t of_class) const {
  const RequestClass& one = snapshot_.classes[of_class];
  const auto limit = places_.find(one.sweep);
  const bool at_limit = limit != places_.end() && limit->second <= 0;
  if (at_limit || !one.held.empty()) return ReasonToWait(snapshot_, pool_, demands_[of_class], one, at_limit);
  // Sweeps that ask for the same wait for the same.
  auto [found, is_new] = reasons_.try_emplace({demands_[of_class], one.bound_worker});
  if (is_new) found->second = ReasonToWait(snapshot_, pool_, demands_[of_class], one, false);
  return found->second;
}

void Planner::SayWhoWaits() {
  for (size_t i = 0; i < snapshot_.classes.size(); ++i) {
    const int64_t left = snapshot_.classes[i].count - static_cast<int64_t>(placed_[i]);
    if (left > 0) plan_.waiting.push_back({i, left, ReasonOf(i)});
  }
}

Plan MakePlan(const Snapshot& snapshot, const Policy& policy) { return Planner(snapshot, policy).Make(); }

}  // namespace optfleet::scheduler
