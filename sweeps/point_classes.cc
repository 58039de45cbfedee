#include "sweeps/point_classes.h"

#include <algorithm>
#include <map>

#include "spec/influence.h"
#include "sweeps/expressions/template.h"

namespace optfleet::sweeps {
namespace {

// Whether an expression, an exclusion or the other seed of the block looks at the key.
bool IsLookedAt(const spec::Field& field, const Block& block) {
  const auto mentions = [&](const Template* text) { return text != nullptr && text->Mentions(field.key); };
  const auto in_leaf = [&](const Leaf& leaf) {
    return mentions(leaf.when.get()) ||
           std::any_of(leaf.values.begin(), leaf.values.end(),
                       [&](const LeafValue& value) { return mentions(value.computed.get()); });
  };
  const auto excludes = [&](const Leaves& leaves) { return FindLeaf(leaves, field.key) != nullptr; };
  const bool is_compared = field.key == kSeedKey && FindLeaf(block.leaves, kOrderSeedKey) != nullptr;
  return is_compared || std::any_of(block.leaves.begin(), block.leaves.end(), in_leaf) ||
         std::any_of(block.exclusions.begin(), block.exclusions.end(), excludes);
}

spec::Influence InfluenceIn(const Block& block, const Leaf& leaf) {
  const spec::Influence influence = spec::InfluenceOf(*leaf.field);
  if (influence == spec::Influence::kAny) return influence;
  const bool computes = std::any_of(leaf.values.begin(), leaf.values.end(),
                                    [](const LeafValue& value) { return value.computed != nullptr; });
  return computes || leaf.when != nullptr || IsLookedAt(*leaf.field, block) ? spec::Influence::kAny
                                                                            : influence;
}

// Equal exactly for values that are alike to the rest of the point.
size_t ClassOfValue(const Leaf& leaf, size_t value, spec::Influence influence) {
  switch (influence) {
    case spec::Influence::kNone:
      return 0;
    case spec::Influence::kZero:
      return static_cast<size_t>(spec::ClassOf(leaf.values[value].value));
    case spec::Influence::kAny:
      break;
  }
  return value;
}

}  // namespace

PointClasses::PointClasses(const Grid& grid, const Block& block) : grid_(grid) {
  for (size_t index = 0; index < grid.axes().size(); ++index) {
    const Grid::Axis& axis = grid.axes()[index];
    std::vector<spec::Influence> influences;
    for (const Leaf* leaf : axis.leaves) {
      influences.push_back(InfluenceIn(block, *leaf));
      if (influences.back() != spec::Influence::kAny) free_.push_back({leaf, index});
    }
    std::map<std::vector<size_t>, size_t> classes;
    Axis made{.index = index, .class_of = {}};
    for (size_t value = 0; value < axis.size(); ++value) {
      std::vector<size_t> of_leaves;
      for (size_t i = 0; i < axis.leaves.size(); ++i)
        of_leaves.push_back(ClassOfValue(*axis.leaves[i], value, influences[i]));
      made.class_of.push_back(count_ * classes.emplace(std::move(of_leaves), classes.size()).first->second);
    }
    count_ *= classes.size();
    if (classes.size() > 1) axes_.push_back(std::move(made));
  }
}

size_t PointClasses::Current() const {
  size_t number = 0;
  for (const Axis& axis : axes_) number += axis.class_of[grid_.axes()[axis.index].at];
  return number;
}

}  // namespace optfleet::sweeps
