#include "sweeps/leaves.h"

#include <algorithm>

namespace optfleet::sweeps {

const Leaf* FindLeaf(const Leaves& leaves, std::string_view key) {
  const auto found =
      std::find_if(leaves.begin(), leaves.end(), [&](const Leaf& leaf) { return leaf.field->key == key; });
  return found == leaves.end() ? nullptr : &*found;
}

void MergeOver(const Leaves& over, Leaves* base) {
  for (const Leaf& leaf : over) {
    const auto same = [&](const Leaf& old) { return old.field == leaf.field; };
    const auto old = std::find_if(base->begin(), base->end(), same);
    if (old == base->end())
      base->push_back(leaf);
    else
      *old = leaf;
  }
}

}  // namespace optfleet::sweeps
