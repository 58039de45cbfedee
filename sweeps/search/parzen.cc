#include "sweeps/search/parzen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace optfleet::sweeps {
namespace {

constexpr size_t kFullWeights = 25;
constexpr double kMostClips = 100;
constexpr double kPriorWeight = 1;
constexpr double kPriorMean = 0.5;
constexpr double kPriorDeviation = 1;
constexpr double kLogRootTwoPi = 0.91893853320467274;
constexpr int kMostTries = 100;  // a kernel has at least a third of its mass in the range

double NormalBelow(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

// Of x between from and to, without the loss of digits far out.
double NormalBetween(double from, double to) {
  return from > 0 ? NormalBelow(-from) - NormalBelow(-to) : NormalBelow(to) - NormalBelow(from);
}

std::vector<double> WeightsOf(size_t points) {
  std::vector<double> weights(points, 1.0);
  if (points > kFullWeights) {
    // From 1 / n up to 1 in equal steps, then ones.
    const size_t older = points - kFullWeights;
    const double least = 1 / static_cast<double>(points);
    for (size_t i = 0; i < older; ++i) {
      const double share = older == 1 ? 0 : static_cast<double>(i) / static_cast<double>(older - 1);
      weights[i] = least + share * (1 - least);
    }
  }
  weights.push_back(kPriorWeight);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

// How far the farther neighbour of each point is, the ends of the range being neighbours, too, but not of the
// first and the last of several.
std::vector<double> NeighbourDistances(const std::vector<double>& means) {
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < means.size(); ++i) order.push_back({means[i], i});
  std::sort(order.begin(), order.end());
  if (order.size() == 1) return {std::max(means[0], 1 - means[0])};
  std::vector<double> distances(means.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const double left = i > 0 ? order[i].first - order[i - 1].first : 0;
    const double right = i + 1 < order.size() ? order[i + 1].first - order[i].first : 0;
    distances[order[i].second] = std::max(left, right);
  }
  return distances;
}

}  // namespace

Parzen::Parzen(const Space& space, const std::vector<const Point*>& points)
    : weights_(WeightsOf(points.size())) {
  for (size_t i = 0; i < space.size(); ++i) {
    std::vector<double> shares;
    for (const Point* point : points) shares.push_back((*point)[i]);
    const bool is_choice = space[i].kind == Dimension::Kind::kChoice;
    axes_.push_back(is_choice ? ChoiceAxis(space[i], shares) : NumberAxis(space[i], shares));
  }
}

Parzen::Axis Parzen::NumberAxis(const Dimension& dimension, const std::vector<double>& means) {
  Axis axis{.kind = dimension.kind, .count = dimension.count, .kernels = {}};
  const std::vector<double> distances = NeighbourDistances(means);
  const double least = 1 / std::min(kMostClips, static_cast<double>(means.size()) + 2);
  const auto add = [&axis](double mean, double deviation) {
    axis.kernels.push_back({.mean = mean,
                            .deviation = deviation,
                            .mass = NormalBetween(-mean / deviation, (1 - mean) / deviation)});
  };
  for (size_t i = 0; i < means.size(); ++i) add(means[i], std::clamp(distances[i], least, 1.0));
  add(kPriorMean, kPriorDeviation);
  return axis;
}

Parzen::Axis Parzen::ChoiceAxis(const Dimension& dimension, const std::vector<double>& shares) {
  Axis axis{.kind = dimension.kind, .count = dimension.count, .kernels = {}};
  for (const double share : shares) axis.kernels.push_back({.choice = IndexOf(share, dimension.count)});
  axis.kernels.push_back({});
  return axis;
}

double Parzen::LogOf(const Axis& axis, const Kernel& kernel, double share) const {
  if (axis.kind == Dimension::Kind::kChoice) {
    const double even = kPriorWeight / static_cast<double>(axis.kernels.size());
    if (kernel.choice < 0) return -std::log(axis.count);
    const double own = kernel.choice == IndexOf(share, axis.count) ? 1 : 0;
    return std::log((even + own) / (1 + even * axis.count));
  }
  if (axis.kind == Dimension::Kind::kContinuous) {
    const double distance = (share - kernel.mean) / kernel.deviation;
    return -distance * distance / 2 - std::log(kernel.deviation * kernel.mass) - kLogRootTwoPi;
  }
  const double from = static_cast<double>(IndexOf(share, axis.count)) / axis.count;
  const double to = from + 1.0 / axis.count;
  const double mass =
      NormalBetween((from - kernel.mean) / kernel.deviation, (to - kernel.mean) / kernel.deviation);
  return std::log(std::max(mass, std::numeric_limits<double>::min()) / kernel.mass);
}

double Parzen::LogDensity(const Point& point) const {
  std::vector<double> logs(weights_.size());
  for (size_t k = 0; k < logs.size(); ++k) {
    logs[k] = std::log(weights_[k]);
    for (size_t i = 0; i < axes_.size(); ++i) logs[k] += LogOf(axes_[i], axes_[i].kernels[k], point[i]);
  }
  const double most = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double log : logs) sum += std::exp(log - most);
  return most + std::log(sum);
}

Point Parzen::Draw(Draws* draws) const {
  double left = draws->Share();
  size_t k = 0;
  while (k + 1 < weights_.size() && left >= weights_[k]) left -= weights_[k++];
  Point point;
  for (const Axis& axis : axes_) point.push_back(DrawOf(axis, axis.kernels[k], draws));
  return point;
}

double Parzen::DrawOf(const Axis& axis, const Kernel& kernel, Draws* draws) const {
  if (axis.kind == Dimension::Kind::kChoice) {
    // Its own choice, or any with what all have in common.
    const double even = kPriorWeight / static_cast<double>(axis.kernels.size());
    const bool is_own = kernel.choice >= 0 && draws->Share() * (1 + even * axis.count) < 1;
    return MiddleOf(is_own ? kernel.choice : IndexOf(draws->Share(), axis.count), axis.count);
  }
  double share = kernel.mean + kernel.deviation * draws->Normal();
  for (int i = 0; i < kMostTries && !(share >= 0 && share < 1); ++i)
    share = kernel.mean + kernel.deviation * draws->Normal();
  share = std::clamp(share, 0.0, std::nextafter(1.0, 0.0));
  return axis.kind == Dimension::Kind::kWhole ? MiddleOf(IndexOf(share, axis.count), axis.count) : share;
}

}  // namespace optfleet::sweeps
