#include "sweeps/search/simulate.h"

#include <algorithm>
#include <limits>

#include "sweeps/search/random.h"

namespace optfleet::sweeps {
std::vector<Curve> WithNoise(const std::vector<Curve>& curves, double deviation, uint64_t seed) {
  std::vector<Curve> noisy = curves;
  Draws draws(Mixed(seed));
  for (Curve& curve : noisy)
    for (CurvePoint& point : curve.points) point.value += deviation * draws.Normal();
  return noisy;
}

double FinalOf(const Curve& curve) { return curve.points.back().value; }

double BestFinal(const std::vector<Curve>& curves) {
  double best = std::numeric_limits<double>::infinity();
  for (const Curve& curve : curves) best = std::min(best, FinalOf(curve));
  return best;
}

double DeviceSeconds(const std::vector<Curve>& curves) {
  double seconds = 0;
  for (const Curve& curve : curves)
    seconds += static_cast<double>(curve.points.back().step) * curve.seconds_per_step;
  return seconds;
}

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {.median = median, .least = values.front(), .most = values.back()};
}

}  // namespace optfleet::sweeps
