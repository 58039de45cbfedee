#include "optctl/report/thin.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace optfleet::report {
namespace {

constexpr size_t kPagePoints = 36'000;  // some 25 bytes each: below 1 MB
constexpr size_t kMostPoints = 400;     // more than the pixels of a curve can show
constexpr size_t kLeastPoints = 40;     // fewer would not show a curve

size_t WholePoints(const Series& series) {
  size_t count = std::min(series.steps.size(), series.last.size());
  if (!series.min.empty()) count = std::min(count, series.min.size());
  if (!series.max.empty()) count = std::min(count, series.max.size());
  return count;
}

void AppendBucket(const Series& from, size_t begin, size_t end, Series& out) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (size_t i = begin; i < end; ++i) {
    const double least = from.min.empty() ? from.last[i] : from.min[i];
    const double most = from.max.empty() ? from.last[i] : from.max[i];
    if (std::isfinite(least)) low = std::min(low, least);
    if (std::isfinite(most)) high = std::max(high, most);
  }
  const bool any_finite = low <= high;
  out.steps.push_back(from.steps[end - 1]);
  out.last.push_back(from.last[end - 1]);
  out.min.push_back(any_finite ? low : from.last[end - 1]);
  out.max.push_back(any_finite ? high : from.last[end - 1]);
  if (end <= from.time_us.size()) out.time_us.push_back(from.time_us[end - 1]);
}

}  // namespace

Series Thin(const Series& series, size_t points) {
  const size_t count = WholePoints(series);
  Series out;
  out.key = series.key;
  if (count <= points) {
    const auto cut = [count](auto column) {
      column.resize(std::min(column.size(), count));
      return column;
    };
    out.steps = cut(series.steps);
    out.last = cut(series.last);
    out.min = cut(series.min);
    out.max = cut(series.max);
    out.time_us = cut(series.time_us);
    return out;
  }
  for (size_t bucket = 0; bucket < points; ++bucket) {
    AppendBucket(series, bucket * count / points, (bucket + 1) * count / points, out);
  }
  return out;
}

size_t PointsPerSeries(size_t series_count) {
  return std::clamp(kPagePoints / std::max<size_t>(series_count, 1), kLeastPoints, kMostPoints);
}

}  // namespace optfleet::report
