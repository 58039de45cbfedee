#include "tests/sweeps/search/curves.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include "sweeps/search/curve_table.h"
#include "sweeps/search/random.h"

namespace optfleet::sweeps::testing {
namespace {

constexpr int kSamples = 2000;

constexpr size_t kColumns = 3;

[[noreturn]] void Refuse(const std::string& why) {
  std::fprintf(stderr, "not a table of recorded curves: %s\n", why.c_str());
  std::abort();
}

}  // namespace

RecordedCurves ReadCurves(std::string_view table) {
  auto read = ReadCurveTable(table);
  if (!read) Refuse(read.error().message());
  if (read->columns.size() != kColumns) Refuse("other columns");
  RecordedCurves recorded;
  for (CurveRow& row : read->rows) {
    recorded.jobs.push_back({row.cells[0], row.cells[1], std::strtod(row.cells[2].c_str(), nullptr)});
    recorded.curves.push_back(std::move(row.curve));
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

std::vector<int32_t> Shuffled(size_t count, uint64_t seed) {
  std::vector<int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  Draws draws(Mixed(seed));
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[draws.Next() % i]);
  return order;
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
