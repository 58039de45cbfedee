// What is left of the fleet while a plan is made.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "coordinator/scheduler/fit.h"
#include "coordinator/scheduler/plan.h"

namespace optfleet::scheduler {

class Pool {
 public:
  // `snapshot` must outlive the pool.
  Pool(const Snapshot& snapshot, const Policy& policy);

  // What is looked for by the jobs of a class.
  Demand DemandOf(const RequestClass& request) const;

  // The worker that a job with this demand goes to, as an index into Snapshot::workers; only `bound_worker`
  // if that is not empty. nullopt if none has room.
  std::optional<size_t> Find(const Demand& demand, const std::string& bound_worker);

  // Takes the room that Find has found. Returns the indexes of the slots.
  std::vector<int32_t> Take(size_t worker, const Demand& demand);

  // Keeps for a job what will be free soonest, on any worker that would do. nullopt if there is no such
  // worker, or if jobs behind it cannot keep it from starting.
  std::optional<Reservation> Reserve(const Demand& demand, const std::string& bound_worker);

  // Why the worker has no room now.
  Constraint Blocked(size_t worker, const Demand& demand) const;

 private:
  struct Reserved {
    bool kept = false;
    std::optional<Time> from;  // not known: nothing else is let in
  };
  struct Room {
    const WorkerOffer* offer = nullptr;
    std::vector<SlotOffer> slots;    // what is left
    std::vector<Reserved> reserved;  // by slot; empty while none is
    int64_t free_host_memory = 0;
  };
  // Best first: a GPU, then most (or least) room, then the order of the ids.
  using Rank = std::tuple<bool, int64_t, size_t>;
  struct Ranking {
    std::set<Rank> order;
    std::vector<std::optional<Rank>> of_worker;  // nullopt: no room
  };

  bool SlotHasRoom(const Room& room, size_t slot, const Demand& demand) const;
  std::vector<size_t> SlotsWithRoom(const Room& room, const Demand& demand) const;  // best first
  std::optional<Rank> RankOf(size_t worker, const Demand& demand) const;
  Ranking& RankingFor(const Demand& demand);
  void Update(size_t worker);
  bool CanBeStarved(const Demand& demand) const;
  std::optional<Reservation> ReservationOn(const Room& room, const Demand& demand) const;

  const Snapshot& snapshot_;
  const Policy policy_;
  std::vector<Room> rooms_;             // as Snapshot::workers
  std::vector<size_t> open_;            // rooms in which something was free at the begin
  std::map<Demand, Ranking> rankings_;  // by what was looked for so far
  bool shares_are_out_ = false;         // some slot is given out in part
};

}  // namespace optfleet::scheduler
