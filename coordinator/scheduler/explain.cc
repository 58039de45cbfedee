#include "coordinator/scheduler/explain.h"

#include <algorithm>

#include "coordinator/domain/time_text.h"
#include "coordinator/scheduler/planner.h"
#include "coordinator/scheduler/reasons.h"

namespace optfleet::scheduler {
namespace {

// The first moment at which a slot that would do is expected to be free; nullopt if that is not known.
std::optional<Time> NextFree(const WorkerOffer& worker, const domain::Resources& request) {
  std::optional<Time> next;
  for (const SlotOffer& slot : worker.slots) {
    if (!SlotWouldDo(slot, request) || !slot.free_at) continue;
    next = next ? std::min(*next, *slot.free_at) : *slot.free_at;
  }
  return next;
}

std::string ReleaseText(const WorkerOffer& worker, Constraint constraint, const domain::Resources& request) {
  switch (constraint) {
    case Constraint::kBusy:
    case Constraint::kBusyMemory:
    case Constraint::kBusyHostMemory: {
      const auto next = NextFree(worker, request);
      return next ? "a slot is expected to be free at " + domain::ClockText(*next)
                  : "one of its attempts ends";
    }
    case Constraint::kReserved:
      return "the job that comes first has started";
    case Constraint::kUnavailable:
      return "it takes new attempts again";
    default:
      return "";
  }
}

}  // namespace

Explanation Explain(const Snapshot& snapshot, const Policy& policy, size_t of_class, const JobName& job) {
  Planner planner(snapshot, policy);
  const Plan plan = planner.Make();
  const Demand& demand = planner.demand(of_class);
  const std::string& bound_worker = snapshot.classes[of_class].bound_worker;
  Explanation explanation;
  explanation.reason = planner.ReasonOf(of_class);
  explanation.resources = demand.resources;
  for (size_t i = 0; i < snapshot.workers.size(); ++i) {
    const WorkerOffer& worker = *snapshot.workers[i];
    const bool elsewhere = !bound_worker.empty() && worker.worker != bound_worker;
    const Constraint broken = elsewhere ? Constraint::kOtherWorker : planner.pool().Blocked(i, demand);
    explanation.workers.push_back({worker.worker, broken, ConstraintText(broken, worker, demand.resources),
                                   ReleaseText(worker, broken, demand.resources)});
  }
  for (const Reservation& reservation : plan.reservations) {
    if (reservation.job == job) explanation.reservation = reservation;
  }
  return explanation;
}

}  // namespace optfleet::scheduler
