// How a sweep spends less than all of its jobs would take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweeps/search/guard.h"
#include "sweeps/search/halving.h"
#include "sweeps/search/objective.h"
#include "sweeps/search/stop_rules.h"

namespace optfleet::domain {

struct SearchPolicy {
  std::optional<sweeps::HalvingPlan> halving;  // jobs pause at rungs, and only the best go on
  std::optional<sweeps::StopPlan> stop;        // rules that stop jobs early
  std::optional<sweeps::GuardPlan> guard;      // bounds past which the sweep pauses
  friend bool operator==(const SearchPolicy&, const SearchPolicy&) = default;
};

// A sentence for each part of it.
std::vector<std::string> RulesOf(const SearchPolicy& search, const sweeps::Objective& objective);

// A job that runs to its end, whatever its sweep's rungs.
inline constexpr int32_t kNoRung = -1;

}  // namespace optfleet::domain
