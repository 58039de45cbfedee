// Times as figures, and figures as JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace optfleet::bench {

struct Spread {
  int64_t count = 0;
  double p50 = 0;
  double p99 = 0;
  double most = 0;
};

// All 0 for no values.
Spread SpreadOf(std::vector<double> values);
nlohmann::ordered_json ToJson(const Spread& spread);

double SecondsSince(std::chrono::steady_clock::time_point begin);
double MillisecondsSince(std::chrono::steady_clock::time_point begin);
double ProcessCpuSeconds();  // of all threads of this process so far
double ThreadCpuSeconds();   // of the calling thread so far

}  // namespace optfleet::bench
