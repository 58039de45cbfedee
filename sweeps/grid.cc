#include "sweeps/grid.h"

#include <ranges>

namespace optfleet::sweeps {

Grid::Grid(const Leaves& leaves) {
  for (const Leaf& leaf : leaves) {
    if (leaf.values.empty()) continue;
    const Axis axis{&leaf};
    Apply(axis);
    if (leaf.is_axis) axes_.push_back(axis);
  }
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
  for (Axis& axis : std::views::reverse(axes_)) {
    const bool wraps = ++axis.at == axis.leaf->values.size();
    if (wraps) axis.at = 0;
    Apply(axis);
    if (!wraps) return true;
  }
  return false;
}

void Grid::Apply(const Axis& axis) { axis.leaf->field->set(spec_, axis.leaf->values[axis.at].value); }

}  // namespace optfleet::sweeps
