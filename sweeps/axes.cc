#include "sweeps/axes.h"

#include <algorithm>
#include <set>

namespace optfleet::sweeps {
namespace {

using spec::Field;
using spec::Value;

std::vector<const Field*> KeysInOrder(const std::vector<Block>& blocks) {
  std::vector<const Field*> keys;
  for (const Block& block : blocks)
    for (const Leaf& leaf : block.leaves)
      if (std::find(keys.begin(), keys.end(), leaf.field) == keys.end()) keys.push_back(leaf.field);
  return keys;
}

bool IsListSomewhere(const Field& field, const std::vector<Block>& blocks) {
  return std::any_of(blocks.begin(), blocks.end(), [&](const Block& block) {
    const Leaf* leaf = FindLeaf(block.leaves, field.key);
    return leaf != nullptr && leaf->is_axis;
  });
}

Value ValueInBlock(const Field& field, const Block& block) {
  const Leaf* leaf = FindLeaf(block.leaves, field.key);
  return leaf == nullptr || leaf->values.empty() ? field.get(spec::TrainingSpec{})
                                                 : leaf->values.front().value;
}

}  // namespace

std::vector<const Field*> ChooseAxes(const std::vector<Block>& blocks) {
  std::vector<const Field*> axes;
  // Blocks told apart so far: equal lists of values are one class. A key is needed if it splits a class.
  std::vector<std::vector<Value>> classes(blocks.size());
  const auto count_classes = [&] {
    return std::set<std::vector<Value>>(classes.begin(), classes.end()).size();
  };
  for (const Field* field : KeysInOrder(blocks)) {
    if (IsListSomewhere(*field, blocks)) {
      axes.push_back(field);
      continue;
    }
    const size_t before = count_classes();
    for (size_t i = 0; i < blocks.size(); ++i) classes[i].push_back(ValueInBlock(*field, blocks[i]));
    if (count_classes() > before) axes.push_back(field);
  }
  return axes;
}

Spelling::Spelling(const Field& field, const std::vector<Block>& blocks) {
  for (const Block& block : blocks)
    if (const Leaf* leaf = FindLeaf(block.leaves, field.key))
      for (const LeafValue& value : leaf->values) texts_.emplace(value.value, value.text);
}

const std::string& Spelling::Of(const Value& value) {
  const auto found = texts_.find(value);
  return found != texts_.end() ? found->second : texts_.emplace(value, spec::ToText(value)).first->second;
}

}  // namespace optfleet::sweeps
