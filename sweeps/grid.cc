#include "sweeps/grid.h"

#include "spec/presets.h"

namespace optfleet::sweeps {
namespace {

bool IsPreset(const Leaf& leaf) { return leaf.field->key == spec::kPresetKey; }

}  // namespace

Grid::Grid(const Leaves& leaves) : leaves_(leaves) {
  for (const Leaf& leaf : leaves)
    if (leaf.is_axis && !leaf.values.empty()) axes_.push_back({&leaf});
  ApplyAll();
}

std::optional<int64_t> Grid::CountUpTo(int64_t limit) const {
  int64_t count = 1;
  for (const Axis& axis : axes_) {
    const auto values = static_cast<int64_t>(axis.leaf->values.size());
    if (count > limit / values) return std::nullopt;
    count *= values;
  }
  return count;
}

const LeafValue* Grid::ValueOf(const Leaf& leaf) const {
  for (const Axis& axis : axes_)
    if (axis.leaf == &leaf) return &leaf.values[axis.at];
  return leaf.values.empty() ? nullptr : &leaf.values.front();
}

bool Grid::Next() {
  for (auto axis = axes_.rbegin(); axis != axes_.rend(); ++axis) {
    const bool wraps = ++axis->at == axis->leaf->values.size();
    if (wraps) axis->at = 0;
    if (IsPreset(*axis->leaf))
      ApplyAll();
    else
      Apply(*axis->leaf);
    if (!wraps) return true;
  }
  return false;
}

// A preset sets other keys, which those that are given override.
void Grid::ApplyAll() {
  spec_ = {};
  for (const bool preset : {true, false})
    for (const Leaf& leaf : leaves_)
      if (!leaf.values.empty() && IsPreset(leaf) == preset) Apply(leaf);
}

void Grid::Apply(const Leaf& leaf) { leaf.field->set(spec_, ValueOf(leaf)->value); }

}  // namespace optfleet::sweeps
