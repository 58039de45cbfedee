#include "sweeps/axes.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <type_traits>

namespace optfleet::sweeps {
namespace {

using spec::Field;
using spec::Value;

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

// One number for each block; blocks that share a value of the key, by way of others, too, have the same.
std::vector<size_t> ClassesOf(const Field& field, const std::vector<Block>& blocks) {
  std::vector<size_t> parent(blocks.size());
  std::iota(parent.begin(), parent.end(), size_t{0});
  const auto root = [&](size_t block) {
    while (parent[block] != block) block = parent[block] = parent[parent[block]];
    return block;
  };
  std::map<Value, size_t> first_with;
  const auto has = [&](const Value& value, size_t block) {
    const auto [known, fresh] = first_with.emplace(value, block);
    if (!fresh) parent[root(block)] = root(known->second);
  };
  for (size_t i = 0; i < blocks.size(); ++i) {
    const Leaf* leaf = FindLeaf(blocks[i].leaves, field.key);
    if (leaf == nullptr || leaf->values.empty())
      has(ValueInBlock(field, blocks[i]), i);
    else
      for (const LeafValue& value : leaf->values) has(value.value, i);
  }
  std::vector<size_t> classes(blocks.size());
  for (size_t i = 0; i < blocks.size(); ++i) classes[i] = root(i);
  return classes;
}

}  // namespace

std::vector<const Field*> KeysInOrder(const std::vector<Block>& blocks) {
  std::vector<const Field*> keys;
  for (const Block& block : blocks)
    for (const Leaf& leaf : block.leaves)
      if (std::find(keys.begin(), keys.end(), leaf.field) == keys.end()) keys.push_back(leaf.field);
  return keys;
}

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
      // Two grids of numbers tell blocks apart only by accident.
      if (field->type != spec::FieldType::kChoice) continue;
      const auto of_block = ClassesOf(*field, blocks);
      for (size_t i = 0; i < blocks.size(); ++i) classes[i].emplace_back(static_cast<int64_t>(of_block[i]));
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

size_t Spelling::HashOf::operator()(const Value& value) const {
  return std::visit(
      [](const auto& plain) -> size_t {
        using Plain = std::remove_cvref_t<decltype(plain)>;
        if constexpr (std::is_same_v<Plain, spec::Length>)
          return std::hash<double>()(plain.amount);
        else
          return std::hash<Plain>()(plain);
      },
      value);
}

const std::string& Spelling::Of(const Value& value) {
  const auto found = texts_.find(value);
  return found != texts_.end() ? found->second : texts_.emplace(value, spec::ToText(value)).first->second;
}

}  // namespace optfleet::sweeps
