// One round of placing: internal to the scheduler, shared by the plan and by what explains it.
#pragma once

#include <map>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/scheduler/plan.h"
#include "coordinator/scheduler/pool.h"

namespace optfleet::scheduler {

class Planner {
 public:
  // `snapshot` must outlive the planner.
  Planner(const Snapshot& snapshot, const Policy& policy);

  Plan Make();  // once

  // After Make: what is left, and what each class looks for.
  const Pool& pool() const { return pool_; }
  const Demand& demand(size_t of_class) const { return demands_[of_class]; }
  std::string ReasonOf(size_t of_class) const;

 private:
  // A class by the order of the job that is its next.
  struct Turn {
    int32_t priority = 0;
    Place place;
    size_t of_class = 0;
  };
  struct Later {
    bool operator()(const Turn& a, const Turn& b) const;
  };

  void PlaceNext(const Turn& turn);
  void SayWhoWaits();

  const Snapshot& snapshot_;
  Pool pool_;
  std::map<std::string, int32_t> places_;  // of Snapshot, what is left
  std::vector<Demand> demands_;            // by class
  std::vector<size_t> placed_;             // by class
  std::priority_queue<Turn, std::vector<Turn>, Later> turns_;
  Plan plan_;
  // By what decides about a reason: demand, bound worker.
  using ReasonKey = std::pair<Demand, std::string>;
  mutable std::map<ReasonKey, std::string> reasons_;
};

}  // namespace optfleet::scheduler
