// What a simulation makes of curves and of its figures.
//
// Pure.
#pragma once

#include <cstdint>
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

struct Spread {
  double median = 0;  // of an even count the mean of the two in the middle
  double least = 0;
  double most = 0;
};
Spread SpreadOf(std::vector<double> values);  // at least one

}  // namespace optfleet::sweeps
