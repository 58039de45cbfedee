#include "coordinator/scheduler/reasons.h"

#include <algorithm>
#include <map>

#include "common/text.h"
#include "coordinator/domain/time_text.h"

namespace optfleet::scheduler {
namespace {

constexpr size_t kNamedWorkers = 3;

std::string KindText(const domain::Resources& request) {
  if (!request.kind) return "slot";
  return *request.kind == domain::SlotKind::kGpu ? "gpu slot" : "cpu slot";
}

std::string SlotsTaken(size_t slots, const std::string& whose) {
  if (slots == 1) return whose + "only slot is taken";
  return "all " + (whose == "the " ? std::string() : whose) + std::to_string(slots) + " slots are taken";
}

int64_t LargestSlot(const WorkerOffer& worker, const domain::Resources& request) {
  int64_t largest = 0;
  for (const SlotOffer& slot : worker.slots) {
    if (!request.kind || *request.kind == slot.kind) largest = std::max(largest, slot.memory_bytes);
  }
  return largest;
}

std::string MissingLabels(const WorkerOffer& worker, const domain::Resources& request) {
  std::string text;
  for (const std::string& label : request.labels) {
    if (std::binary_search(worker.labels.begin(), worker.labels.end(), label)) continue;
    text += (text.empty() ? "" : ", ") + label;
  }
  return text;
}

std::string ReasonForBound(const Snapshot& snapshot, const Pool& pool, const Demand& demand,
                           const std::string& bound_worker) {
  const std::string place = "its checkpoint is on worker " + bound_worker;
  for (size_t i = 0; i < snapshot.workers.size(); ++i) {
    const WorkerOffer& worker = *snapshot.workers[i];
    if (worker.worker != bound_worker) continue;
    if (worker.unavailable.empty()) {
      const Constraint broken = pool.Blocked(i, demand);
      const bool plain = broken == Constraint::kBusy && demand.resources.slots == 1;
      return place + (plain ? ": " + SlotsTaken(worker.slots.size(), "its ")
                            : ", which " + ConstraintText(broken, worker, demand.resources));
    }
    std::string reason = place + ", which " + worker.unavailable;
    if (worker.fresh_at)
      reason += "; without it the job goes on elsewhere at " + domain::ClockText(*worker.fresh_at);
    return reason;
  }
  return place + ", which is not known";
}

// Which rule how many workers break, in the order of the rules.
struct Tally {
  std::map<Constraint, std::vector<const WorkerOffer*>> workers;
  size_t slots_of(Constraint constraint, const domain::Resources& request) const {
    const auto found = workers.find(constraint);
    if (found == workers.end()) return 0;
    size_t slots = 0;
    for (const WorkerOffer* worker : found->second) {
      slots +=
          static_cast<size_t>(std::count_if(worker->slots.begin(), worker->slots.end(),
                                            [&](const SlotOffer& s) { return SlotWouldDo(s, request); }));
    }
    return slots;
  }
  size_t count(Constraint constraint) const {
    const auto found = workers.find(constraint);
    return found == workers.end() ? 0 : found->second.size();
  }
};

std::string ReasonForAny(const Snapshot& snapshot, const Pool& pool, const Demand& demand) {
  if (snapshot.workers.empty()) return "no worker has connected yet";
  Tally tally;
  for (size_t i = 0; i < snapshot.workers.size(); ++i)
    tally.workers[pool.Blocked(i, demand)].push_back(snapshot.workers[i]);
  const size_t busy = tally.count(Constraint::kBusy) + tally.count(Constraint::kBusyMemory) +
                      tally.count(Constraint::kBusyHostMemory) + tally.count(Constraint::kReserved);
  const size_t away = tally.count(Constraint::kUnavailable);
  if (busy == 0 && away == 0) return WhyNoneWouldDo(snapshot.workers, demand.resources);
  if (busy == 0) {
    std::string names;
    const auto& workers = tally.workers.at(Constraint::kUnavailable);
    for (size_t i = 0; i < std::min(workers.size(), kNamedWorkers); ++i)
      names += (i == 0 ? "" : ", ") + workers[i]->worker + " " + workers[i]->unavailable;
    return (away == snapshot.workers.size() ? "no worker takes new attempts: "
                                            : "no worker that would do takes new attempts: ") +
           names;
  }
  if (tally.count(Constraint::kReserved) > 0) return "the free slots are kept for a job that comes first";
  if (tally.count(Constraint::kBusyMemory) > 0)
    return "the slots that it may use have too little memory left";
  if (tally.count(Constraint::kBusyHostMemory) > 0)
    return "the workers that it may use have too little host memory left";
  if (demand.resources.slots > 1)
    return "it needs " + std::to_string(demand.resources.slots) +
           " slots of one worker free at the same moment";
  return SlotsTaken(tally.slots_of(Constraint::kBusy, demand.resources), "the ");
}

}  // namespace

std::string WhyNoneWouldDo(const std::vector<const WorkerOffer*>& workers, const domain::Resources& request) {
  Tally tally;
  for (const WorkerOffer* worker : workers) tally.workers[FitsWhenFree(*worker, request)].push_back(worker);
  if (tally.count(Constraint::kMemory) > 0) {
    int64_t largest = 0;
    for (const WorkerOffer* worker : tally.workers.at(Constraint::kMemory))
      largest = std::max(largest, LargestSlot(*worker, request));
    return "it needs " + FormatBytes(request.memory_bytes) +
           " on a slot, and the largest that it may use has " + FormatBytes(largest);
  }
  if (tally.count(Constraint::kTooFewSlots) > 0)
    return "it needs " + std::to_string(request.slots) + " slots on one worker, and none has so many";
  if (tally.count(Constraint::kHostMemory) > 0)
    return "it needs " + FormatBytes(request.host_memory_bytes) +
           " of host memory, and no worker has so much";
  if (tally.count(Constraint::kLabels) == workers.size() && workers.size() == 1)
    return "the only worker lacks the label " + MissingLabels(*workers.front(), request);
  if (tally.count(Constraint::kLabels) > 0 && tally.count(Constraint::kKind) == 0) {
    std::string labels;
    for (const std::string& label : request.labels) labels += (labels.empty() ? "" : " and ") + label;
    return "no worker has the label " + labels;
  }
  if (!request.kind) return "the workers that are there have no slots";
  return "no worker that it may use has a " + KindText(request);
}

std::optional<Misfit> FitsNowhere(const std::vector<const WorkerOffer*>& workers,
                                  const domain::Resources& request, int64_t predicted_bytes) {
  const domain::Resources limited = LimitedPrediction(request, workers);
  const bool fits = std::any_of(workers.begin(), workers.end(), [&](const WorkerOffer* worker) {
    return FitsWhenFree(*worker, limited) == Constraint::kNone;
  });
  if (!fits) return Misfit{WhyNoneWouldDo(workers, limited), /*is_tried=*/false};
  if (limited.memory_bytes == request.memory_bytes || predicted_bytes <= limited.memory_bytes)
    return std::nullopt;
  return Misfit{"it is predicted to need " + FormatBytes(predicted_bytes) +
                    " on a slot, and the largest that it may use has " + FormatBytes(limited.memory_bytes),
                /*is_tried=*/true};
}

std::string ConstraintText(Constraint constraint, const WorkerOffer& worker,
                           const domain::Resources& request) {
  switch (constraint) {
    case Constraint::kNone:
      return "";
    case Constraint::kOtherWorker:
      return "is not the one that has the job's checkpoint";
    case Constraint::kLabels:
      return "lacks the label " + MissingLabels(worker, request);
    case Constraint::kKind:
      return "has no " + KindText(request);
    case Constraint::kMemory:
      return "has no " + KindText(request) + " with " + FormatBytes(request.memory_bytes) +
             ", the largest has " + FormatBytes(LargestSlot(worker, request));
    case Constraint::kTooFewSlots:
      return "has fewer than " + std::to_string(request.slots) + " slots that would do";
    case Constraint::kHostMemory:
      return "has " + FormatBytes(worker.host_memory_bytes) + " of host memory in all";
    case Constraint::kUnavailable:
      return worker.unavailable;
    case Constraint::kBusy:
      return request.slots > 1 ? "has fewer than " + std::to_string(request.slots) + " slots free"
                               : "has no slot free";
    case Constraint::kBusyMemory:
      return "has too little memory left on its slots";
    case Constraint::kBusyHostMemory:
      return "has too little host memory left";
    case Constraint::kReserved:
      return "keeps its free slots for a job that comes first";
  }
  return "";
}

std::string ReasonToWait(const Snapshot& snapshot, const Pool& pool, const Demand& demand,
                         const RequestClass& waiting, bool at_limit) {
  if (!waiting.held.empty()) return waiting.held;
  if (at_limit) return "its sweep runs as many jobs as its limit allows";
  if (!waiting.bound_worker.empty()) return ReasonForBound(snapshot, pool, demand, waiting.bound_worker);
  return ReasonForAny(snapshot, pool, demand);
}

}  // namespace optfleet::scheduler
