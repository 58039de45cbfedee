// Learning curves that were recorded, for tests and benchmarks of search: a table
// (sweeps/search/curve_table.h) of optimizer, schedule and learning_rate.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/search/replay.h"
#include "sweeps/search/simulate.h"

namespace optfleet::sweeps::testing {

struct RecordedJob {
  std::string optimizer;
  std::string schedule;
  double learning_rate = 0;
};

struct RecordedCurves {
  std::vector<RecordedJob> jobs;  // in the order of the sweep
  std::vector<Curve> curves;      // one for each
};

// Ends the program on a table that is none.
RecordedCurves ReadCurves(std::string_view table);

// Without the jobs of one optimizer.
RecordedCurves Without(const RecordedCurves& recorded, const std::string& optimizer);

// So many jobs for each step from one rate to the next, with curves in between: as if rates were continuous.
RecordedCurves Refined(const RecordedCurves& recorded, int32_t parts);

// From 0 to count - 1, in an order of that seed.
std::vector<int32_t> Shuffled(size_t count, uint64_t seed);

// Mean, and the ends of the middle 95 % of the means of 2,000 samples drawn with repetition (Efron's
// bootstrap).
struct Interval {
  double mean = 0;
  double low = 0;
  double high = 0;
};
Interval Bootstrap(const std::vector<double>& values, uint64_t seed);

}  // namespace optfleet::sweeps::testing
