#include "sweeps/grid.h"

#include <algorithm>

#include "spec/presets.h"
#include "sweeps/derivation.h"

namespace optfleet::sweeps {
namespace {

bool IsPreset(const Leaf& leaf) { return leaf.field->key == spec::kPresetKey; }

}  // namespace

Grid::Grid(const Leaves& leaves, int32_t slots) : leaves_(leaves), slots_(slots) {
  for (const Leaf& leaf : leaves) {
    if (!leaf.is_axis || leaf.values.empty()) continue;
    if (Axis* axis = LinkedAxis(leaf); axis != nullptr)
      axis->leaves.push_back(&leaf);
    else
      axes_.push_back({{&leaf}});
  }
  computes_ = std::any_of(leaves.begin(), leaves.end(), [](const Leaf& leaf) {
    return leaf.when != nullptr ||
           std::any_of(leaf.values.begin(), leaf.values.end(),
                       [](const LeafValue& value) { return value.computed != nullptr; });
  });
  ApplyAll();
  Compute();
  moved_from_ = axes_.size();
}

Grid::Axis* Grid::LinkedAxis(const Leaf& leaf) {
  if (!leaf.zip) return nullptr;
  // Where values were refused the numbers of linked ones differ; that is reported.
  const auto linked = [&](const Axis& axis) {
    return axis.leaves.front()->zip == leaf.zip && axis.size() == leaf.values.size();
  };
  const auto found = std::find_if(axes_.begin(), axes_.end(), linked);
  return found == axes_.end() ? nullptr : &*found;
}

std::optional<int64_t> Grid::CountUpTo(int64_t limit) const {
  int64_t count = 1;
  for (const Axis& axis : axes_) {
    const auto values = static_cast<int64_t>(axis.size());
    if (count > limit / values) return std::nullopt;
    count *= values;
  }
  return count;
}

const LeafValue* Grid::ValueOf(const Leaf& leaf) const {
  for (const Axis& axis : axes_)
    if (std::find(axis.leaves.begin(), axis.leaves.end(), &leaf) != axis.leaves.end())
      return &leaf.values[axis.at];
  return leaf.values.empty() ? nullptr : &leaf.values.front();
}

bool Grid::Next() {
  if (!Advance()) return false;
  Settle();
  return true;
}

bool Grid::Advance() {
  for (size_t i = axes_.size(); i-- > 0;) {
    moved_from_ = std::min(moved_from_, i);
    if (++axes_[i].at < axes_[i].size()) return true;
    axes_[i].at = 0;
  }
  return false;
}

void Grid::Settle() {
  if (moved_from_ == axes_.size()) return;
  for (size_t i = moved_from_; i < axes_.size(); ++i) Apply(axes_[i]);
  moved_from_ = axes_.size();
  Compute();
}

void Grid::Apply(const Axis& axis) {
  for (const Leaf* leaf : axis.leaves)
    if (IsPreset(*leaf)) return ApplyAll();
  for (const Leaf* leaf : axis.leaves) Apply(*leaf);
}

bool Grid::IsExcludedBy(const std::vector<Leaves>& exclusions) const {
  const auto has = [&](const Leaf& leaf) {
    const spec::Value value = leaf.field->get(spec_);
    return std::any_of(leaf.values.begin(), leaf.values.end(),
                       [&](const LeafValue& one) { return one.value == value; });
  };
  return std::any_of(exclusions.begin(), exclusions.end(),
                     [&](const Leaves& leaves) { return std::all_of(leaves.begin(), leaves.end(), has); });
}

// A preset sets other keys, which those that are given override.
void Grid::ApplyAll() {
  spec_ = {};
  for (const bool preset : {true, false})
    for (const Leaf& leaf : leaves_)
      if (!leaf.values.empty() && IsPreset(leaf) == preset && !IsAbsent(leaf)) Apply(leaf);
}

void Grid::Compute() {
  if (!computes_) return;
  problems_.clear();
  absent_.clear();
  ApplyAll();  // computed keys have their defaults
  absent_ = AbsentKeys(leaves_, *this, spec_, &problems_);
  if (!absent_.empty()) ApplyAll();
  FillComputed(leaves_, *this, &spec_, &problems_);
}

bool Grid::IsAbsent(const Leaf& leaf) const {
  return leaf.when != nullptr && std::find(absent_.begin(), absent_.end(), &leaf) != absent_.end();
}

bool Grid::IsRepeat() const {
  return std::any_of(axes_.begin(), axes_.end(), [&](const Axis& axis) {
    return axis.at > 0 && std::all_of(axis.leaves.begin(), axis.leaves.end(),
                                      [&](const Leaf* leaf) { return IsAbsent(*leaf); });
  });
}

void Grid::Apply(const Leaf& leaf) {
  const LeafValue& value = *ValueOf(leaf);
  static const spec::TrainingSpec defaults;
  leaf.field->set(spec_, value.computed != nullptr ? leaf.field->get(defaults) : value.value);
}

}  // namespace optfleet::sweeps
