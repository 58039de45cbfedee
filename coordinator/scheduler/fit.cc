#include "coordinator/scheduler/fit.h"

#include <algorithm>

namespace optfleet::scheduler {
namespace {

bool KindWouldDo(const SlotOffer& slot, const domain::Resources& request) {
  return !request.kind || *request.kind == slot.kind;
}

template <typename Rule>
int32_t CountSlots(std::span<const SlotOffer> slots, Rule rule) {
  return static_cast<int32_t>(std::count_if(slots.begin(), slots.end(), rule));
}

}  // namespace

domain::Resources LimitedPrediction(domain::Resources request,
                                    const std::vector<const WorkerOffer*>& workers) {
  if (!request.memory_is_predicted) return request;
  int64_t largest = 0;
  for (const WorkerOffer* worker : workers) {
    if (!HasLabels(*worker, request)) continue;
    for (const SlotOffer& slot : worker->slots) {
      if (!KindWouldDo(slot, request)) continue;
      if (slot.memory_bytes == 0 || slot.memory_bytes >= request.memory_bytes) return request;
      largest = std::max(largest, slot.memory_bytes);
    }
  }
  if (largest > 0) request.memory_bytes = largest;
  return request;
}

bool HasLabels(const WorkerOffer& worker, const domain::Resources& request) {
  return std::includes(worker.labels.begin(), worker.labels.end(), request.labels.begin(),
                       request.labels.end());
}

bool SlotWouldDo(const SlotOffer& slot, const domain::Resources& request) {
  return KindWouldDo(slot, request) && (slot.memory_bytes == 0 || slot.memory_bytes >= request.memory_bytes);
}

bool SlotHasShare(const SlotOffer& slot, const domain::Resources& request) {
  return SlotWouldDo(slot, request) && slot.free_share >= request.share;
}

bool SlotHasMemory(const SlotOffer& slot, const domain::Resources& request) {
  if (!SlotHasShare(slot, request)) return false;
  return slot.memory_bytes == 0 || slot.free_memory_bytes >= domain::MemoryTaken(request, slot.memory_bytes);
}

Constraint FitsWhenFree(const WorkerOffer& worker, const domain::Resources& request) {
  if (!HasLabels(worker, request)) return Constraint::kLabels;
  if (CountSlots(worker.slots, [&](const SlotOffer& slot) { return KindWouldDo(slot, request); }) == 0)
    return Constraint::kKind;
  const int32_t large =
      CountSlots(worker.slots, [&](const SlotOffer& slot) { return SlotWouldDo(slot, request); });
  if (large == 0) return Constraint::kMemory;
  if (large < request.slots) return Constraint::kTooFewSlots;
  if (worker.host_memory_bytes > 0 && worker.host_memory_bytes < request.host_memory_bytes)
    return Constraint::kHostMemory;
  return Constraint::kNone;
}

Constraint FitsNow(const WorkerOffer& worker, std::span<const SlotOffer> slots,
                   int64_t free_host_memory_bytes, const domain::Resources& request) {
  if (const Constraint broken = FitsWhenFree(worker, request); broken != Constraint::kNone) return broken;
  if (!worker.unavailable.empty()) return Constraint::kUnavailable;
  if (CountSlots(slots, [&](const SlotOffer& slot) { return SlotHasShare(slot, request); }) < request.slots)
    return Constraint::kBusy;
  if (CountSlots(slots, [&](const SlotOffer& slot) { return SlotHasMemory(slot, request); }) < request.slots)
    return Constraint::kBusyMemory;
  if (worker.host_memory_bytes > 0 && free_host_memory_bytes < request.host_memory_bytes)
    return Constraint::kBusyHostMemory;
  return Constraint::kNone;
}

}  // namespace optfleet::scheduler
