// The rules of one sweep that stop its jobs early (sweeps/search/rules.h), with lengths that may be a share
// of a job's steps.
//
// Pure, one thread. As of each rule: the order of reports of different jobs leaves no trace, and a report
// that comes twice changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sweeps/search/rules.h"

namespace optfleet::sweeps {

// So many steps, or a share of a job's.
struct StepsOrShare {
  double share = 0;   // of all steps; 0: `steps` counts
  int64_t steps = 0;  // from 1 where it counts
  // At least one; nothing for a share of an unknown number (0).
  std::optional<int64_t> In(int64_t total_steps) const;
  friend bool operator==(const StepsOrShare&, const StepsOrShare&) = default;
};

struct StopPlan {
  struct Median {
    StepsOrShare after;  // steps that every job may go
    int32_t least_jobs = 3;
    friend bool operator==(const Median&, const Median&) = default;
  };
  struct Plateau {
    StepsOrShare patience;
    double min_delta = 0;
    friend bool operator==(const Plateau&, const Plateau&) = default;
  };
  std::optional<Median> median = {};
  std::optional<Plateau> plateau = {};
  std::optional<DivergencePlan> divergence = {};
  bool empty() const { return !median && !plateau && !divergence; }
  friend bool operator==(const StopPlan&, const StopPlan&) = default;
};

struct StopVerdict {
  bool diverged = false;  // else it is merely not worth its time
  std::string reason;     // a part of a sentence, with the figures
};

class StopRules {
 public:
  explicit StopRules(const StopPlan& plan, bool maximize = false);
  // Whether the job should stop now. All rules hear of each report; of several verdicts that of divergence
  // counts, then the median's. `total_steps` of the job, 0 if unknown: nothing that is a share is said then.
  std::optional<StopVerdict> Add(const Report& report, int64_t total_steps);

 private:
  StopPlan plan_;
  bool maximize_;
  std::optional<DivergenceRule> divergence_;
  std::optional<MedianRule> median_;
  std::map<int64_t, PlateauRule> plateaus_;  // by patience, which follows from the steps of a job
};

}  // namespace optfleet::sweeps
