#include "sweeps/search/simulate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sweeps/search/random.h"

namespace optfleet::sweeps {
namespace {

SearchOutcome OutcomeOf(const ReplayResult& result, const std::vector<Curve>& curves) {
  SearchOutcome outcome;
  outcome.device_seconds = result.device_seconds;
  outcome.seconds = result.seconds;
  for (const ReplayJob& job : result.jobs) outcome.trained += job.last == ReplayEvent::Kind::kEnded ? 1 : 0;
  if (!result.best_job) return outcome;
  const auto chosen = static_cast<size_t>(result.jobs[static_cast<size_t>(*result.best_job)].curve);
  const double best = BestFinal(curves);
  const double above = FinalOf(curves[chosen]) - best;
  outcome.found_best = above <= 0;
  outcome.regret = above / std::max(std::abs(best), std::numeric_limits<double>::min());
  return outcome;
}

}  // namespace

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

Comparison Compare(const ReplayPlan& plan, const std::vector<Curve>& curves, double deviation,
                   uint64_t seed) {
  const std::vector<Curve> noisy = WithNoise(curves, deviation, seed);
  std::vector<int32_t> order(curves.size());
  std::iota(order.begin(), order.end(), 0);
  const ReplayPlan grid{.slots = plan.slots, .start_seconds = plan.start_seconds};
  return {.search = OutcomeOf(ReplayOrder(plan, noisy, order), curves),
          .grid = OutcomeOf(ReplayOrder(grid, noisy, order), curves)};
}

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {.median = median, .least = values.front(), .most = values.back()};
}

}  // namespace optfleet::sweeps
