#include "spec/speed_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "common/median.h"
#include "spec/step_shape.h"

namespace optfleet::spec {
namespace {

constexpr size_t kLeftOutAtMost = 60;
// What one timed shape may say against the usual device: of two that differ by a factor the fit takes nearly
// all.
constexpr double kHeldTowardsUsual = 0.02;
// A shape that is off by more than this counts less: other work on the machine made it slow.
constexpr double kOutlier = 0.3;
constexpr int kRounds = 6;
// Of the correction: a shape at this distance tells 1/e of what an equal one does.
constexpr double kReach = 0.5;
constexpr double kDoubt = 0.1;  // weight of "no correction"

using Terms = std::array<double, kWorkTerms>;

double Sum(const Work& work, const Work& rates) {
  double seconds = 0;
  for (size_t i = 0; i < kWorkTerms; ++i) seconds += work.terms[i] * rates.terms[i];
  return seconds;
}

// Least squares with non-negative unknowns: one after the other is set to its best value until none moves.
// The matrix is positive definite.
Terms Solve(const std::array<Terms, kWorkTerms>& matrix, const Terms& right) {
  constexpr int kMostPasses = 5000;
  constexpr double kStill = 1e-10;
  Terms x{};
  x.fill(1);
  for (int pass = 0; pass < kMostPasses; ++pass) {
    double moved = 0;
    for (size_t i = 0; i < kWorkTerms; ++i) {
      double rest = right[i];
      for (size_t j = 0; j < kWorkTerms; ++j) rest -= j == i ? 0 : matrix[i][j] * x[j];
      const double best = std::max(0.0, rest / matrix[i][i]);
      moved = std::max(moved, std::abs(best - x[i]));
      x[i] = best;
    }
    if (moved < kStill) break;
  }
  return x;
}

// One round: unknowns are factors on `start`, which they are held towards.
Work Refit(const std::vector<TimedShape>& timed, const Work& start, const std::vector<double>& weights) {
  std::array<Terms, kWorkTerms> matrix{};
  Terms right{};
  for (size_t i = 0; i < kWorkTerms; ++i) matrix[i][i] = right[i] = kHeldTowardsUsual;
  for (size_t n = 0; n < timed.size(); ++n) {
    Terms row;
    for (size_t i = 0; i < kWorkTerms; ++i)
      row[i] = timed[n].work.terms[i] * start.terms[i] / timed[n].seconds;
    for (size_t i = 0; i < kWorkTerms; ++i) {
      right[i] += weights[n] * row[i];
      for (size_t j = 0; j < kWorkTerms; ++j) matrix[i][j] += weights[n] * row[i] * row[j];
    }
  }
  const Terms factors = Solve(matrix, right);
  Work rates = start;
  for (size_t i = 0; i < kWorkTerms; ++i) rates.terms[i] *= factors[i];
  return rates;
}

Work FitRates(const std::vector<TimedShape>& timed, const Work& usual) {
  std::vector<double> ratios;
  for (const TimedShape& shape : timed) ratios.push_back(shape.seconds / Sum(shape.work, usual));
  Work start = usual;
  const double factor = Median(ratios);
  for (double& rate : start.terms) rate *= factor;
  Work rates = start;
  std::vector<double> weights(timed.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t n = 0; n < timed.size(); ++n) {
      const double off = round == 0 ? 0 : std::abs(Sum(timed[n].work, rates) / timed[n].seconds - 1);
      weights[n] = std::sqrt(timed[n].weight) / std::max(1.0, off / kOutlier);
    }
    rates = Refit(timed, start, weights);
  }
  return rates;
}

}  // namespace

SpeedModel::SpeedModel(std::vector<TimedShape> timed, const Work& usual)
    : timed_(std::move(timed)), usual_(usual), rates_(FitRates(timed_, usual)) {
  for (const TimedShape& shape : timed_)
    left_over_.push_back(std::log(shape.seconds / Sum(shape.work, rates_)));
}

std::optional<SpeedModel> SpeedModel::Fit(std::vector<TimedShape> timed, const Work& usual) {
  std::erase_if(timed, [&](const TimedShape& shape) {
    return !(shape.seconds > 0) || !(Sum(shape.work, usual) > 0) || !std::isfinite(shape.seconds);
  });
  if (timed.empty()) return std::nullopt;
  return SpeedModel(std::move(timed), usual);
}

double SpeedModel::Correction(const TrainingSpec& shape) const {
  double weighed = 0, weights = kDoubt;
  for (size_t n = 0; n < timed_.size(); ++n) {
    const double weight =
        std::sqrt(timed_[n].weight) * std::exp(-ShapeDistance(shape, timed_[n].shape) / kReach);
    weighed += weight * left_over_[n];
    weights += weight;
  }
  return std::exp(weighed / weights);
}

double SpeedModel::Seconds(const TrainingSpec& shape, const Work& work) const {
  return Sum(work, rates_) * Correction(shape);
}

std::optional<double> SpeedModel::MedianFactorOff() const {
  constexpr size_t kFewest = 3;
  if (timed_.size() < kFewest) return std::nullopt;
  const size_t stride = (timed_.size() + kLeftOutAtMost - 1) / kLeftOutAtMost;
  std::vector<double> off;
  for (size_t n = 0; n < timed_.size(); n += stride) {
    std::vector<TimedShape> others = timed_;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(n));
    const SpeedModel model(std::move(others), usual_);
    off.push_back(std::abs(std::log(model.Seconds(timed_[n].shape, timed_[n].work) / timed_[n].seconds)));
  }
  return std::exp(Median(std::move(off)));
}

const Work& UsualSpeed(bool on_gpu) {
  // products, half, attention, scores, elements, update, calls, step
  static constexpr Work kCpu{{2e-11, 1e-11, 2.5e-11, 2e-10, 6e-10, 1e-10, 4e-6, 2e-4}};
  static constexpr Work kGpu{{1e-14, 2e-15, 2e-14, 2e-12, 2e-12, 1e-12, 5e-6, 2e-4}};
  return on_gpu ? kGpu : kCpu;
}

}  // namespace optfleet::spec
