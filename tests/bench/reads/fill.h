// A state folder with many jobs and points, made by the shipping stores.
#pragma once

#include <cstdint>
#include <string>

namespace optfleet::bench {

inline constexpr const char* kSweep = "bench";

struct Filling {
  int32_t jobs = 0;
  int64_t points = 0;     // of all jobs, 12 figures a step
  int32_t long_jobs = 0;  // the first so many share half of the points, the others the other half
};

// Steps of job `number`.
int64_t StepsOf(const Filling& filling, int32_t number);

// Replaces the folder. Failures end the program. Points a second that the metrics store took.
double FillFolder(const std::string& folder, const Filling& filling);

}  // namespace optfleet::bench
