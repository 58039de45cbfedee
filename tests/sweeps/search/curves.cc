#include "tests/sweeps/search/curves.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>

#include "sweeps/search/random.h"

namespace optfleet::sweeps::testing {
namespace {

constexpr size_t kFirstStep = 4;  // column
constexpr int kSamples = 2000;

std::vector<std::string> Cut(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(at, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

[[noreturn]] void Refuse(const std::string& line) {
  std::fprintf(stderr, "not a line of recorded curves: %s\n", line.c_str());
  std::abort();
}

Curve CurveOf(const std::vector<std::string>& names, const std::vector<std::string>& cells) {
  Curve curve{.points = {},
              .steps = std::stoll(names.back()),
              .seconds_per_step = std::strtod(cells[kFirstStep - 1].c_str(), nullptr)};
  for (size_t i = kFirstStep; i < names.size(); ++i) {
    const bool is_empty = cells[i].empty();
    const double value =
        is_empty ? std::numeric_limits<double>::infinity() : std::strtod(cells[i].c_str(), nullptr);
    curve.points.push_back({std::stoll(names[i]), value});
    if (is_empty) break;
  }
  return curve;
}

}  // namespace

RecordedCurves ReadCurves(std::string_view table) {
  RecordedCurves recorded;
  std::vector<std::string> names;
  for (const std::string& line : Cut(table, '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string> cells = Cut(line, ',');
    if (names.empty()) {
      names = cells;
      continue;
    }
    if (cells.size() != names.size() || cells.size() <= kFirstStep) Refuse(line);
    recorded.jobs.push_back({cells[0], cells[1], std::strtod(cells[2].c_str(), nullptr)});
    recorded.curves.push_back(CurveOf(names, cells));
  }
  return recorded;
}

RecordedCurves Without(const RecordedCurves& recorded, const std::string& optimizer) {
  RecordedCurves others;
  for (size_t i = 0; i < recorded.jobs.size(); ++i) {
    if (recorded.jobs[i].optimizer == optimizer) continue;
    others.jobs.push_back(recorded.jobs[i]);
    others.curves.push_back(recorded.curves[i]);
  }
  return others;
}

RecordedCurves Refined(const RecordedCurves& recorded, int32_t parts) {
  std::map<std::pair<std::string, std::string>, std::map<double, size_t>> lines;
  for (size_t i = 0; i < recorded.jobs.size(); ++i)
    lines[{recorded.jobs[i].optimizer, recorded.jobs[i].schedule}][recorded.jobs[i].learning_rate] = i;
  RecordedCurves fine;
  for (const auto& [line, rates] : lines) {
    for (auto at = rates.begin(); at != rates.end(); ++at) {
      const auto next = std::next(at);
      for (int32_t part = 0; part < (next == rates.end() ? 1 : parts); ++part) {
        const double share = static_cast<double>(part) / parts;
        fine.jobs.push_back(recorded.jobs[at->second]);
        fine.curves.push_back(recorded.curves[at->second]);
        if (part == 0) continue;
        fine.jobs.back().learning_rate = std::pow(at->first, 1 - share) * std::pow(next->first, share);
        const std::vector<CurvePoint>& others = recorded.curves[next->second].points;
        std::vector<CurvePoint>& points = fine.curves.back().points;
        points.resize(std::min(points.size(), others.size()));
        for (size_t i = 0; i < points.size(); ++i)
          points[i].value = (1 - share) * points[i].value + share * others[i].value;
      }
    }
  }
  return fine;
}

std::vector<Curve> WithNoise(const std::vector<Curve>& curves, double deviation, uint64_t seed) {
  std::vector<Curve> noisy = curves;
  Draws draws(Mixed(seed));
  for (Curve& curve : noisy)
    for (CurvePoint& point : curve.points) point.value += deviation * draws.Normal();
  return noisy;
}

std::vector<int32_t> Shuffled(size_t count, uint64_t seed) {
  std::vector<int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  Draws draws(Mixed(seed));
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[draws.Next() % i]);
  return order;
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

Interval Bootstrap(const std::vector<double>& values, uint64_t seed) {
  Draws draws(Mixed(seed));
  const auto count = static_cast<double>(values.size());
  std::vector<double> means;
  for (int i = 0; i < kSamples; ++i) {
    double sum = 0;
    for (size_t k = 0; k < values.size(); ++k) sum += values[draws.Next() % values.size()];
    means.push_back(sum / count);
  }
  std::sort(means.begin(), means.end());
  return {.mean = std::accumulate(values.begin(), values.end(), 0.0) / count,
          .low = means[means.size() / 40],
          .high = means[means.size() - 1 - means.size() / 40]};
}

}  // namespace optfleet::sweeps::testing
