#include "sweeps/dialects/override_grid.h"

#include <algorithm>

#include "common/text.h"
#include "sweeps/dialects/tree.h"

namespace optfleet::sweeps {
namespace {

using Kind = YamlNode::Kind;
constexpr std::string_view kSweep = "sweep";

const YamlEntry* SweepOf(const YamlNode& file) {
  for (const YamlEntry& entry : file.entries)
    if (entry.key == kSweep) return &entry;
  return nullptr;
}

class BlockGrid {
 public:
  explicit BlockGrid(std::vector<YamlEntry> leaves) {
    for (YamlEntry& leaf : leaves)
      (leaf.value.kind == Kind::kSequence ? axes_ : fixed_).push_back(std::move(leaf));
    at_.resize(axes_.size());
  }

  const YamlEntry* EmptyAxis() const {
    for (const YamlEntry& axis : axes_)
      if (axis.value.items.empty()) return &axis;
    return nullptr;
  }

  int64_t CountUpTo(int64_t limit) const {
    int64_t count = 1;
    for (const YamlEntry& axis : axes_) {
      count *= static_cast<int64_t>(axis.value.items.size());
      if (count > limit) return limit + 1;
    }
    return count;
  }

  std::vector<YamlEntry> Point() const {
    std::vector<YamlEntry> overrides;
    for (size_t i = 0; i < axes_.size(); ++i)
      overrides.push_back({axes_[i].key, axes_[i].key_position, axes_[i].value.items[at_[i]]});
    overrides.insert(overrides.end(), fixed_.begin(), fixed_.end());
    return overrides;
  }

  bool Next() {
    for (size_t i = axes_.size(); i-- > 0;) {
      if (++at_[i] < axes_[i].value.items.size()) return true;
      at_[i] = 0;
    }
    return false;
  }

 private:
  std::vector<YamlEntry> axes_;
  std::vector<YamlEntry> fixed_;
  std::vector<size_t> at_;
};

void AddBlock(const YamlNode& block, int32_t number, int64_t limit, Diagnostics* diagnostics,
              std::vector<OverridePoint>* points) {
  BlockGrid grid(Flattened(block));
  if (const YamlEntry* empty = grid.EmptyAxis())
    return diagnostics->Add(empty->value.position, "the list of `" + empty->key + "` is empty",
                            "an axis needs at least one value");
  const auto so_far = static_cast<int64_t>(points->size());
  if (so_far + grid.CountUpTo(limit) > limit)
    return diagnostics->Add(block.position, "the grid has more than " + FormatCount(limit) + " points",
                            "shorten axes or split the sweep");
  do points->push_back({number, grid.Point()});
  while (grid.Next());
}

}  // namespace

bool IsOverrideGrid(const YamlNode& file) { return SweepOf(file) != nullptr; }

std::vector<OverridePoint> PointsOf(const YamlNode& file, const std::vector<YamlEntry>& over, int64_t limit,
                                    Diagnostics* diagnostics) {
  const YamlEntry* sweep = SweepOf(file);
  if (sweep == nullptr || sweep->value.kind != Kind::kSequence || sweep->value.items.empty()) {
    diagnostics->Add(sweep == nullptr ? file.position : sweep->key_position,
                     "`sweep` must be a list of blocks", "begin each block with `- `");
    return {};
  }
  YamlNode base = file;
  std::erase_if(base.entries, [](const YamlEntry& entry) { return entry.key == kSweep; });
  std::vector<OverridePoint> points;
  const size_t before = diagnostics->count();
  int32_t number = 0;
  for (const YamlNode& item : sweep->value.items) {
    ++number;
    if (item.kind != Kind::kMap) {
      diagnostics->Add(item.position, "a block of `sweep` must be a map of keys");
      continue;
    }
    YamlNode block = base;
    MergeTree(item, &block);
    block.position = item.position;
    for (const YamlEntry& entry : over) SetInTree(entry.key, entry.key_position, entry.value, &block);
    AddBlock(block, number, limit, diagnostics, &points);
    if (diagnostics->count() > before + 20) break;
  }
  return diagnostics->count() > before ? std::vector<OverridePoint>() : points;
}

}  // namespace optfleet::sweeps
