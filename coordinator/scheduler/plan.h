// Decides which waiting jobs start where. Pure: same snapshot and policy, same plan.
//
// Order of jobs: priority, then age, then job id; so ties never depend on a map's order. Order of slots: GPU
// before CPU, then as the policy says, then worker id, then slot index. A job that is bound to a worker (its
// checkpoint lies there) waits for that worker. Jobs behind one that waits do not wait with it, with one
// exception: what a job needs that the jobs behind it could keep it from for ever (several slots, a whole
// slot of which shares are given out) is reserved for it, and given to others only as long as they are
// expected to be done in time (docs/decisions/0025-placement.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/names.h"
#include "common/time.h"
#include "coordinator/domain/resources.h"
#include "coordinator/scheduler/offer.h"

namespace optfleet::scheduler {

// A job's place in the order of its class.
struct Place {
  Time since;  // older first
  JobName job;
  friend auto operator<=>(const Place&, const Place&) = default;
};

// Jobs that differ only in their place.
struct RequestClass {
  std::string sweep;
  domain::Resources resources;
  std::string bound_worker;          // empty: any worker
  int32_t priority = 0;              // higher first
  std::string held;                  // why none of it may start, "the sweep is paused"; empty if they may
  std::optional<Duration> expected;  // how long one of them will run
  std::vector<Place> head;           // in order; all of them, or at least as many as could be placed
  int64_t count = 0;                 // of all
};

struct Snapshot {
  Time now;
  std::vector<const WorkerOffer*> workers;  // by id; they outlive the plan
  std::vector<RequestClass> classes;
  std::map<std::string, int32_t> places;  // how many more of a sweep may run; no entry: no limit
};

struct Policy {
  // Where several workers would do. Spread: the one with most room, since trainers on one machine share its
  // memory bandwidth. Pack: the one with least, which leaves whole machines free.
  enum class Tie { kSpread, kPack } tie = Tie::kSpread;
};

struct Placement {
  JobName job;
  std::string worker;
  std::vector<int32_t> slots;
};

// Slots that are kept for the first job of a class.
struct Reservation {
  JobName job;
  std::string worker;
  std::vector<int32_t> slots;
  std::optional<Time> ready;  // when all of them are expected to be free
};

struct Waiting {
  size_t of_class = 0;  // index into Snapshot::classes
  int64_t count = 0;    // jobs of the class that the plan does not place
  std::string reason;   // never empty; holds no number that changes with each placement
};

struct Plan {
  std::vector<Placement> placements;  // at most one per job; no slot, worker or sweep above its bounds
  std::vector<Waiting> waiting;       // one per class that does not start as a whole
  std::vector<Reservation> reservations;
};

// Cost: O(placements * (log classes + demands * (slots of a worker + log workers)) + demands * slots of the
// fleet), where demands are the distinct requests.
Plan MakePlan(const Snapshot& snapshot, const Policy& policy);

}  // namespace optfleet::scheduler
