#include "sweeps/unused_keys.h"

#include <algorithm>

namespace optfleet::sweeps {

size_t UnusedKeys::AddBlocks(const std::vector<Block>& blocks) {
  const size_t first = of_block_.size();
  for (const Block& block : blocks) {
    std::vector<size_t>& indices = of_block_.emplace_back();
    for (const Leaf& leaf : block.leaves) {
      // One whose values were refused has its mistake already.
      if (leaf.field->use.by == nullptr || leaf.values.empty()) continue;
      const auto same = [&](const Given& given) { return given.position == leaf.key_position; };
      const auto known = std::find_if(given_.begin(), given_.end(), same);
      indices.push_back(static_cast<size_t>(known - given_.begin()));
      if (known == given_.end()) given_.push_back({leaf.field, leaf.key_position});
    }
  }
  return first;
}

void UnusedKeys::Visit(size_t block, const spec::TrainingSpec& spec) {
  for (const size_t index : of_block_[block]) {
    Given& given = given_[index];
    given.used = given.used || spec::IsUsed(*given.field, spec);
  }
}

// A file that several questions share may hold a default that a later one replaces wherever it counts.
bool UnusedKeys::IsReplacedDefault(const Given& given) const {
  return std::any_of(given_.begin(), given_.end(), [&](const Given& other) {
    return other.field == given.field && other.used && other.position.file > given.position.file;
  });
}

void UnusedKeys::Report(Diagnostics* diagnostics) const {
  for (const Given& given : given_)
    if (!given.used && !IsReplacedDefault(given))
      diagnostics->Add(given.position, spec::UnusedMessage(*given.field), spec::UnusedRemedy(*given.field));
}

}  // namespace optfleet::sweeps
