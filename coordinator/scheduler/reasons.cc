#include "coordinator/scheduler/reasons.h"

#include "coordinator/domain/time_text.h"

namespace optfleet::scheduler {
namespace {

constexpr size_t kNamedWorkers = 3;

std::string SlotsTaken(int32_t slots) {
  if (slots == 1) return "its only slot is taken";
  return "all its " + std::to_string(slots) + " slots are taken";
}

std::string ReasonForBound(const Snapshot& snapshot, const std::string& bound_worker) {
  const std::string place = "its checkpoint is on worker " + bound_worker;
  for (const WorkerOffer& worker : snapshot.workers) {
    if (worker.worker != bound_worker) continue;
    if (worker.unavailable.empty()) return place + ": " + SlotsTaken(worker.slots);
    std::string reason = place + ", which " + worker.unavailable;
    if (worker.fresh_at)
      reason += "; without it the job goes on elsewhere at " + domain::ClockText(*worker.fresh_at);
    return reason;
  }
  return place + ", which is not known";
}

std::string ReasonForAny(const Snapshot& snapshot) {
  if (snapshot.workers.empty()) return "no worker has connected yet";
  int64_t slots = 0;
  size_t available = 0;
  std::string unavailable;
  size_t named = 0;
  for (const WorkerOffer& worker : snapshot.workers) {
    if (worker.unavailable.empty()) {
      slots += worker.slots;
      ++available;
    } else if (named < kNamedWorkers) {
      unavailable += (named++ == 0 ? "" : ", ") + worker.worker + " " + worker.unavailable;
    }
  }
  if (available == 0) return "no worker takes new attempts: " + unavailable;
  if (slots == 0) return "the workers that are there have no slots";
  if (slots == 1) return "the only slot is taken";
  return "all " + std::to_string(slots) + " slots are taken";
}

}  // namespace

std::string ReasonToWait(const Snapshot& snapshot, const std::string& bound_worker) {
  return bound_worker.empty() ? ReasonForAny(snapshot) : ReasonForBound(snapshot, bound_worker);
}

}  // namespace optfleet::scheduler
