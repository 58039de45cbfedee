// Decides which waiting jobs start where. Pure: same snapshot and policy, same plan.
//
// Order of jobs: priority, then age, then job id; so ties never depend on a map's order. A job takes one
// slot. Order of slots: GPU before CPU, then as the policy says, then worker id, then slot index. A job that
// is bound to a worker (its checkpoint lies there) waits for that worker; jobs behind it do not wait with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/names.h"
#include "common/time.h"
#include "coordinator/domain/worker.h"

namespace optfleet::scheduler {

struct FreeSlot {
  int32_t index = 0;
  domain::SlotKind kind = domain::SlotKind::kCpu;
};

struct WorkerOffer {
  std::string worker;
  int32_t slots = 0;             // in all
  std::vector<FreeSlot> free;    // by index
  std::string unavailable;       // why it takes nothing new, "is draining"; empty if it does
  std::optional<Time> fresh_at;  // unavailable: when jobs bound to it stop waiting for it
};

struct Request {
  JobName job;
  int32_t priority = 0;  // higher first
  Time since;            // older first
};

// Jobs that differ only in their place in the order.
struct RequestClass {
  std::string bound_worker;   // empty: any worker
  std::vector<Request> head;  // in order; all of them, or at least as many as there are free slots
  int64_t count = 0;          // of all
};

struct Snapshot {
  std::vector<WorkerOffer> workers;   // by id
  std::vector<RequestClass> classes;  // by bound worker
};

struct Policy {
  // Where several workers have a free slot. Spread: the one with most free slots, since trainers on one
  // machine share its memory bandwidth. Pack: the one with fewest, which leaves whole machines free.
  enum class Tie { kSpread, kPack } tie = Tie::kSpread;
};

struct Placement {
  JobName job;
  std::string worker;
  std::vector<int32_t> slots;
};

struct Waiting {
  std::string bound_worker;
  int64_t count = 0;   // jobs of the class that the plan does not place
  std::string reason;  // never empty; holds no number that changes with each placement
};

struct Plan {
  std::vector<Placement> placements;  // at most one per job, never above a slot's capacity in the snapshot
  std::vector<Waiting> waiting;       // one per class that does not start as a whole
};

// Cost: O((classes + log workers) * free slots).
Plan MakePlan(const Snapshot& snapshot, const Policy& policy);

}  // namespace optfleet::scheduler
