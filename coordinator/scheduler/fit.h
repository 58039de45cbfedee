// Whether a request fits on a worker: the one set of rules by which jobs are placed and by which it is
// explained why they wait. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coordinator/domain/resources.h"
#include "coordinator/scheduler/offer.h"

namespace optfleet::scheduler {

// The first rule that a worker breaks, in the order in which they are checked: what never changes by itself
// comes first.
enum class Constraint {
  kNone,            // it fits now
  kOtherWorker,     // the job's checkpoint lies elsewhere
  kLabels,          // it lacks a label
  kKind,            // it has no slot of the kind
  kMemory,          // none of its slots has so much memory
  kTooFewSlots,     // it has too few slots that would do
  kHostMemory,      // the machine has less memory
  kUnavailable,     // it takes nothing new
  kBusy,            // too few of its slots are free, or have a large enough share free
  kBusyMemory,      // the shares would suffice, what is left of the slots' memory does not
  kBusyHostMemory,  // what is left of the machine's memory does not suffice
  kReserved,        // the free slots are kept for a job that comes first
};

// What is looked for on one worker. `memory_bytes` is what counts after predictions have been limited to
// what the fleet has (LimitedPrediction).
struct Demand {
  domain::Resources resources;
  std::optional<Duration> expected;  // how long it will run, as far as that is known
  friend auto operator<=>(const Demand&, const Demand&) = default;
};

// With predicted memory of at most what the largest slot of the fleet that it could use has.
domain::Resources LimitedPrediction(domain::Resources request,
                                    const std::vector<const WorkerOffer*>& workers);

bool HasLabels(const WorkerOffer& worker, const domain::Resources& request);
// Kind and size, whatever runs there.
bool SlotWouldDo(const SlotOffer& slot, const domain::Resources& request);
bool SlotHasShare(const SlotOffer& slot, const domain::Resources& request);
bool SlotHasMemory(const SlotOffer& slot, const domain::Resources& request);

// Rules of what the worker is: labels, kinds, sizes. kNone if it would fit were everything free.
Constraint FitsWhenFree(const WorkerOffer& worker, const domain::Resources& request);

// All rules but reservations. `slots` and `free_host_memory_bytes` are what is left of the worker's.
Constraint FitsNow(const WorkerOffer& worker, std::span<const SlotOffer> slots,
                   int64_t free_host_memory_bytes, const domain::Resources& request);
inline Constraint FitsNow(const WorkerOffer& worker, const domain::Resources& request) {
  return FitsNow(worker, worker.slots, worker.free_host_memory_bytes, request);
}

}  // namespace optfleet::scheduler
