// Points drawn from distributions instead of a grid: the header key `sample`, for keys that are given as
// {from: 1e-4, to: 1e-1, spacing: log} without a count, or as {choose: [relu, gelu]}. They vary together, as
// one axis. Drawing more points later keeps those that were drawn: the first n of them are the same. By `tpe`
// they are drawn in rounds, each from what the rounds before came to.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "common/yaml.h"
#include "sweeps/leaves.h"
#include "sweeps/search/proposer.h"

namespace optfleet::sweeps {

inline constexpr int32_t kMostSamples = 100'000;

// As far as it was written. Plain values.
struct Sample {
  std::optional<int32_t> points;
  std::optional<SearchMethod> method;  // a Sobol sequence, which fills the cube evenly, if not given
  std::optional<int32_t> batch;        // points of a round, of kTpe
  std::optional<int32_t> seed;
  SourcePosition position;

  bool is_tpe() const { return method == SearchMethod::kTpe; }
  // Of kTpe with points.
  int32_t rounds() const;
  int32_t PointsInRound(int32_t round) const;  // from 0
};

// Names of header keys that ReadSample takes; a dotted key ("sample.points") belongs to it, too.
bool IsSampleKey(std::string_view key);

// Adds one entry of the top level. What is not allowed is reported and left out.
void ReadSample(const YamlEntry& entry, Sample* sample, Diagnostics* diagnostics);

// Replaces what `over` gives.
void MergeSample(const Sample& over, Sample* base);

// Gives the keys of a block that have a distribution their values; how many there are. One without
// `sample.points` is reported.
int DrawSamples(const Sample& sample, Leaves* leaves, Diagnostics* diagnostics);

// The keys of a block that have a distribution, as a method sees them.
Space SpaceOf(const Leaves& leaves);
// Gives them these values, one of each point for each of them.
void DrawPoints(const Sample& sample, const std::vector<Point>& points, Leaves* leaves);

}  // namespace optfleet::sweeps
