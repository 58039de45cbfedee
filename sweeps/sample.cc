#include "sweeps/sample.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/text.h"
#include "sweeps/header_value.h"
#include "sweeps/range.h"
#include "sweeps/search/proposer.h"
#include "sweeps/sobol.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kGroup = "sample";
constexpr std::string_view kDotted = "sample.";
constexpr int32_t kLargestSeed = 1'000'000'000;
constexpr int32_t kMostBatch = 1000;
constexpr int32_t kDefaultBatch = 4;
constexpr double kMostWhole = 1e6;  // more whole numbers are as good as continuous

// Share from 0, below 1, of one key.
double ShareOf(const Sample& sample, std::string_view key, int32_t number, int dimension) {
  const int32_t seed = sample.seed.value_or(0);
  if (sample.method == SearchMethod::kRandom) return RandomShare(key, seed, number);
  return SobolShare(key, seed, number, dimension);
}

double Between(const Distribution& distribution, double share) {
  const double from = distribution.from;
  const double to = distribution.to;
  if (distribution.is_log) return std::exp(std::log(from) + share * (std::log(to) - std::log(from)));
  if (!distribution.is_whole) return from + share * (to - from);
  // Each whole number, the ends too, is equally likely.
  return std::min(from, to) + std::floor(share * (std::fabs(to - from) + 1));
}

LeafValue Drawn(const Leaf& leaf, double share) {
  const Distribution& distribution = *leaf.distribution;
  if (distribution.choices.empty())
    return RangeValue(*leaf.field, Between(distribution, share), distribution.position);
  const auto count = static_cast<int32_t>(distribution.choices.size());
  return distribution.choices[static_cast<size_t>(IndexOf(share, count))];
}

class Reader {
 public:
  Reader(Sample* sample, Diagnostics* diagnostics) : sample_(sample), diagnostics_(diagnostics) {}

  void ReadGroup(const YamlEntry& group) {
    if (group.value.kind != YamlNode::Kind::kMap)
      return diagnostics_->Add(group.key_position, "`sample` must be a map of keys",
                               "as {points: 32, method: sobol, seed: 0}");
    for (const YamlEntry& entry : group.value.entries) Read(entry.key, entry);
  }

  void Read(std::string_view name, const YamlEntry& entry) {
    sample_->position = entry.key_position;
    if (name != "points" && name != "method" && name != "seed" && name != "batch")
      return AddUnknownName(kGroup, name, entry, diagnostics_);
    if (!IsOneValue(entry, diagnostics_)) return;
    if (name == "points") {
      sample_->points = WholeNumber(entry, 1, kMostSamples, diagnostics_);
    } else if (name == "seed") {
      sample_->seed = WholeNumber(entry, 0, kLargestSeed, diagnostics_);
    } else if (name == "batch") {
      sample_->batch = WholeNumber(entry, 1, kMostBatch, diagnostics_);
    } else if (entry.value.text == "random") {
      sample_->method = SearchMethod::kRandom;
    } else if (entry.value.text == "sobol") {
      sample_->method = SearchMethod::kSobol;
    } else if (entry.value.text == "tpe") {
      sample_->method = SearchMethod::kTpe;
    } else {
      AddWrongValue(entry, "sobol, random or tpe", diagnostics_);
    }
  }

 private:
  Sample* sample_;
  Diagnostics* diagnostics_;
};

}  // namespace

bool IsSampleKey(std::string_view key) { return key == kGroup || key.starts_with(kDotted); }

void ReadSample(const YamlEntry& entry, Sample* sample, Diagnostics* diagnostics) {
  Reader reader(sample, diagnostics);
  if (entry.key == kGroup) return reader.ReadGroup(entry);
  reader.Read(std::string_view(entry.key).substr(kDotted.size()), entry);
}

void MergeSample(const Sample& over, Sample* base) {
  if (over.points) base->points = over.points;
  if (over.method) base->method = over.method;
  if (over.batch) base->batch = over.batch;
  if (over.seed) base->seed = over.seed;
  if (over.points || over.method || over.batch || over.seed) base->position = over.position;
}

int DrawSamples(const Sample& sample, Leaves* leaves, Diagnostics* diagnostics) {
  int dimension = 0;
  for (Leaf& leaf : *leaves) {
    if (leaf.distribution == nullptr) continue;
    const std::string key = "`" + std::string(leaf.field->key) + "`";
    if (!sample.points) {
      diagnostics->Add(leaf.distribution->position, key + " has a distribution, of which no points are drawn",
                       "give a `count` for an axis, or `sample: {points: 32}` for the sweep");
      continue;
    }
    if (sample.method != SearchMethod::kRandom && dimension == kMostSobolDimensions) {
      diagnostics->Add(leaf.key_position,
                       key + " is one of more than " + std::to_string(kMostSobolDimensions) +
                           " keys with a distribution, more than a Sobol sequence is built for here",
                       "use `sample.method: random`");
      continue;
    }
    leaf.is_axis = true;
    leaf.zip = sample.position;
    leaf.values.clear();
    for (int32_t i = 0; i < *sample.points; ++i)
      leaf.values.push_back(Drawn(leaf, ShareOf(sample, leaf.field->key, i, dimension)));
    ++dimension;
  }
  return dimension;
}

int32_t Sample::rounds() const {
  const int32_t size = batch.value_or(kDefaultBatch);
  return (points.value_or(0) + size - 1) / size;
}

int32_t Sample::PointsInRound(int32_t round) const {
  const int32_t size = batch.value_or(kDefaultBatch);
  return std::clamp(points.value_or(0) - round * size, 0, size);
}

Space SpaceOf(const Leaves& leaves) {
  Space space;
  for (const Leaf& leaf : leaves) {
    if (leaf.distribution == nullptr) continue;
    const Distribution& distribution = *leaf.distribution;
    Dimension& dimension = space.emplace_back();
    dimension.key = leaf.field->key;
    const double numbers = std::fabs(distribution.to - distribution.from) + 1;
    if (!distribution.choices.empty()) {
      dimension.kind = Dimension::Kind::kChoice;
      dimension.count = static_cast<int32_t>(distribution.choices.size());
    } else if (distribution.is_whole && !distribution.is_log && numbers <= kMostWhole) {
      dimension.kind = Dimension::Kind::kWhole;
      dimension.count = static_cast<int32_t>(numbers);
    }
  }
  return space;
}

void DrawPoints(const Sample& sample, const std::vector<Point>& points, Leaves* leaves) {
  size_t dimension = 0;
  for (Leaf& leaf : *leaves) {
    if (leaf.distribution == nullptr) continue;
    leaf.is_axis = true;
    leaf.zip = sample.position;
    leaf.values.clear();
    for (const Point& point : points) leaf.values.push_back(Drawn(leaf, point[dimension]));
    ++dimension;
  }
}

}  // namespace optfleet::sweeps
