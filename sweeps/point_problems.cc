#include "sweeps/point_problems.h"

#include <algorithm>

#include "common/text.h"

namespace optfleet::sweeps {
namespace {

// Rules that a key is missing.
constexpr std::string_view kMissingSuffix = "_is_given";

bool WasRefused(const spec::Problem& problem, const Leaves& leaves) {
  return std::any_of(problem.keys.begin(), problem.keys.end(), [&](std::string_view key) {
    const Leaf* leaf = FindLeaf(leaves, key);
    return leaf != nullptr && leaf->values.empty();
  });
}

// The key to change: an axis before a fixed one, as it is the one that brings some points down; else the
// likeliest.
const Leaf* Responsible(const spec::Problem& problem, const Leaves& leaves) {
  const Leaf* first = nullptr;
  for (const auto key : problem.keys) {
    const Leaf* leaf = FindLeaf(leaves, key);
    if (leaf == nullptr) continue;
    if (leaf->is_axis) return leaf;
    if (first == nullptr) first = leaf;
  }
  return first;
}

}  // namespace

void PointProblems::Add(const spec::Problem& problem, const Block& block, const Grid& grid,
                        const Describe& describe) {
  if (WasRefused(problem, block.leaves)) return;
  const Leaf* leaf = Responsible(problem, block.leaves);
  const SourcePosition key = leaf != nullptr ? leaf->key_position : block.position;
  const auto same = [&](const Kind& kind) { return kind.rule == problem.rule && kind.key_position == key; };
  auto kind = std::find_if(kinds_.begin(), kinds_.end(), same);
  if (kind == kinds_.end()) {
    const SourcePosition value = leaf != nullptr ? grid.ValueOf(*leaf)->position : key;
    kinds_.push_back({std::string(problem.rule), key, value, problem.message, problem.remedy, describe(), 0});
    kind = kinds_.end() - 1;
  }
  ++kind->points;
}

void PointProblems::Report(int64_t points, bool complete, Diagnostics* diagnostics) const {
  for (const Kind& kind : kinds_) {
    if (!complete && kind.rule.ends_with(kMissingSuffix)) continue;
    if (kind.points == points || kind.first_point.empty()) {
      diagnostics->Add(kind.value_position, kind.message, kind.remedy);
      continue;
    }
    diagnostics->Add(kind.value_position,
                     FormatCount(kind.points) + " of the " + FormatCount(points) + " points: " + kind.message,
                     kind.remedy + "; first: " + kind.first_point);
  }
}

}  // namespace optfleet::sweeps
