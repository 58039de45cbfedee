// A search beside the whole grid on the same jobs, in virtual time: what it spends and what it finds.
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sweeps/search/replay.h"

namespace optfleet::sweeps {

// Standard deviation of a value that is measured, as a part of the best end: what another seed or other
// batches of the validation change. Of the recorded jobs of docs/search.md it is 0.0025 to 0.004.
inline constexpr double kMeasuredNoise = 0.004;

// The same curves with normal noise of that size on every value.
std::vector<Curve> WithNoise(const std::vector<Curve>& curves, double deviation, uint64_t seed);

double FinalOf(const Curve& curve);                      // infinite if it diverged
double BestFinal(const std::vector<Curve>& curves);      // infinite if all did
double DeviceSeconds(const std::vector<Curve>& curves);  // of all of them to their ends

struct SearchOutcome {
  double device_seconds = 0;
  double seconds = 0;   // until the last slot was free
  int32_t trained = 0;  // jobs that came to their end
  // Of the job that it holds for the best, without the noise; nothing if none came to its end.
  std::optional<double> regret = {};  // above the best of all, as a part of that
  bool found_best = false;            // none is better
};

struct Comparison {
  SearchOutcome search;
  SearchOutcome grid;  // all jobs to their ends; without rungs and rules
};

// Jobs start in the order of the curves, as a coordinator starts those of one priority. Both see the same
// noise. At least one curve does not diverge.
Comparison Compare(const ReplayPlan& plan, const std::vector<Curve>& curves, double deviation, uint64_t seed);

struct Spread {
  double median = 0;  // of an even count the mean of the two in the middle
  double least = 0;
  double most = 0;
};
Spread SpreadOf(std::vector<double> values);  // at least one

}  // namespace optfleet::sweeps
