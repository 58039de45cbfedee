#include "sweeps/stage_blocks.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/sha256.h"
#include "spec/canonical.h"
#include "spec/resolve.h"
#include "sweeps/point_walk.h"

namespace optfleet::sweeps {
namespace {

// Calls visit(grid, block, hash, resolved spec) for each point that can be trained, until it returns false.
template <typename Visit>
void ForEachJob(const std::vector<Block>& blocks, const Visit& visit) {
  spec::CanonicalWriter canonical;
  ForEachPoint(
      blocks,
      [&](const Grid& grid, size_t block) {
        spec::TrainingSpec spec = grid.spec();
        if (!grid.problems().empty() || !spec::Resolve(&spec, grid.slots()).empty()) return true;
        return visit(grid, block, Sha256Hex(canonical.HashedTextOf(spec)), spec);
      },
      [](bool /*excluded*/) {});
}

// A point's keys with one value each; what is computed stays so.
Leaves Narrowed(const Leaves& leaves, const Grid& grid) {
  Leaves narrowed;
  for (const Leaf& leaf : leaves) {
    const LeafValue* value = grid.ValueOf(leaf);
    if (value == nullptr || grid.IsAbsent(leaf)) continue;
    narrowed.push_back({.field = leaf.field,
                        .key_position = leaf.key_position,
                        .is_axis = false,
                        .values = {*value},
                        .zip = {},
                        .distribution = {},
                        .when = {}});
  }
  return narrowed;
}

// The same for points that differ in nothing but their seed.
std::string WithoutSeed(const Leaves& leaves, const Grid& grid, const std::string& block) {
  std::string text = block;
  for (const Leaf& leaf : leaves) {
    const LeafValue* value = grid.ValueOf(leaf);  // null where none is allowed, which is reported
    if (value != nullptr && leaf.is_axis && !IsSeedKey(leaf.field->key) && !grid.IsAbsent(leaf))
      text.append("\n").append(leaf.field->key).append("=") += value->text;
  }
  return text;
}

// Jobs that differ in their seed only.
struct Candidate {
  std::string first_hash;
  double sum = 0;  // of costs (Objective)
  int64_t seeds = 0;
  bool complete = true;  // all have a value

  double mean() const { return sum / static_cast<double>(seeds); }
};

// In order of appearance.
struct Group {
  std::vector<Candidate> candidates;
  std::map<std::string, size_t> by_text;
};

class Chooser {
 public:
  Chooser(const StageBase& base, Objective objective, const ValueOf& value_of)
      : base_(base), objective_(std::move(objective)), value_of_(value_of) {}

  void Add(const std::vector<Block>& blocks, const std::string& stage) {
    ForEachJob(blocks, [&](const Grid& grid, size_t block, const std::string& hash, const auto& spec) {
      if (!seen_.insert(hash).second) return true;
      Group& group = GroupOf(spec);
      const std::string text = WithoutSeed(blocks[block].leaves, grid, stage + "/" + std::to_string(block));
      const auto [known, is_new] = group.by_text.emplace(text, group.candidates.size());
      if (is_new) group.candidates.push_back({.first_hash = hash});
      Candidate& candidate = group.candidates[known->second];
      const auto value = value_of_(hash, objective_.metric);
      candidate.complete = candidate.complete && value.has_value();
      candidate.sum += objective_.CostOf(value.value_or(0));
      ++candidate.seeds;
      return true;
    });
  }

  std::vector<std::string> Best() {
    std::vector<std::string> hashes;
    for (Group& group : groups_) {
      auto& all = group.candidates;
      std::erase_if(all, [](const Candidate& one) { return !one.complete; });
      std::stable_sort(all.begin(), all.end(),
                       [](const Candidate& a, const Candidate& b) { return a.mean() < b.mean(); });
      const size_t count = std::min(all.size(), static_cast<size_t>(base_.count));
      for (size_t i = 0; i < count; ++i) hashes.push_back(std::move(all[i].first_hash));
    }
    return hashes;
  }

 private:
  Group& GroupOf(const spec::TrainingSpec& spec) {
    std::string text;
    for (const spec::Field* field : base_.per) text += spec::ToText(field->get(spec)) + "\n";
    const auto [known, is_new] = group_of_.emplace(text, groups_.size());
    if (is_new) groups_.emplace_back();
    return groups_[known->second];
  }

  const StageBase& base_;
  Objective objective_;
  const ValueOf& value_of_;
  std::set<std::string> seen_;
  std::vector<Group> groups_;
  std::map<std::string, size_t> group_of_;
};

}  // namespace

StageBlocks::StageBlocks(const Composition& composition, Objective objective, Diagnostics* diagnostics)
    : composition_(composition), objective_(std::move(objective)), diagnostics_(diagnostics), bases_(1) {}

void StageBlocks::SetBases(const std::vector<std::vector<std::string>>& bases) {
  for (const auto& hashes : bases) AddBases(hashes);
}

void StageBlocks::AddBases(std::vector<std::string> hashes) { bases_.push_back(std::move(hashes)); }

const std::vector<Block>& StageBlocks::Of(size_t part) {
  if (const auto known = blocks_.find(part); known != blocks_.end()) return known->second;
  auto blocks = composition_.BlocksOf(part, LeavesOf(composition_.FirstOf(part)), diagnostics_);
  return blocks_.emplace(part, std::move(blocks)).first->second;
}

// Of the first part of a stage.
std::vector<Leaves> StageBlocks::LeavesOf(size_t part) {
  const std::vector<std::string>& wanted = bases_[part];
  std::vector<Leaves> leaves(wanted.size());
  std::map<std::string, size_t> missing;
  for (size_t i = 0; i < wanted.size(); ++i) missing.emplace(wanted[i], i);
  if (!composition_.StageOf(part).base) return {};
  for (const size_t earlier : PartsOf(*composition_.StageOf(part).base)) {
    if (missing.empty()) break;
    const std::vector<Block>& blocks = Of(earlier);
    ForEachJob(blocks, [&](const Grid& grid, size_t block, const std::string& hash, const auto& /*spec*/) {
      const auto found = missing.find(hash);
      if (found == missing.end()) return true;
      leaves[found->second] = Narrowed(blocks[block].leaves, grid);
      missing.erase(found);
      return !missing.empty();
    });
  }
  return leaves;
}

std::vector<size_t> StageBlocks::PartsOf(const StageBase& base) const {
  std::vector<size_t> parts;
  for (const std::string& name : base.stages)
    for (const size_t part : composition_.PartsOf(name)) parts.push_back(part);
  return parts;
}

std::vector<std::string> StageBlocks::Choose(size_t part, const ValueOf& value_of) {
  const auto& base = composition_.StageOf(part).base;
  if (!base) return {};
  Chooser chooser(*base, base->by.value_or(objective_), value_of);
  for (const size_t earlier : PartsOf(*base)) chooser.Add(Of(earlier), std::to_string(earlier));
  return chooser.Best();
}

void StageBlocks::AddTrials(size_t part, size_t block, const ValueOf& value_of, History* history) {
  const std::vector<Block> one = {Of(part)[block]};
  if (!one.front().has_points) return;
  const Leaves& leaves = one.front().leaves;
  const StageSearch& search = composition_.SearchOf(part);
  const std::vector<Point> points =
      search.PointsOf(composition_.parts()[part].round, composition_.DrawnOf(part), block, leaves);
  // The keys with a distribution vary together, so the value of one tells which point it is.
  const Leaf& first = *std::find_if(leaves.begin(), leaves.end(),
                                    [](const Leaf& leaf) { return leaf.distribution != nullptr; });
  const Objective searched = search.looks_for_largest() ? Objective{std::string(kPeakMemory)} : objective_;
  std::vector<Candidate> candidates(points.size());
  ForEachJob(one, [&](const Grid& grid, size_t /*block*/, const std::string& hash, const auto& /*spec*/) {
    Candidate& candidate = candidates[static_cast<size_t>(grid.ValueOf(first) - first.values.data())];
    const auto value = value_of(hash, searched.metric);
    candidate.complete = candidate.complete && value.has_value();
    candidate.sum += searched.CostOf(value.value_or(0));
    ++candidate.seeds;
    return true;
  });
  for (size_t i = 0; i < points.size(); ++i) {
    const bool ended = candidates[i].complete && candidates[i].seeds > 0;
    history->push_back({.number = static_cast<int32_t>(history->size()),
                        .point = points[i],
                        .state = ended ? Trial::State::kEnded : Trial::State::kFailed,
                        .value = ended ? candidates[i].mean() : 0});
  }
}

Round StageBlocks::Propose(size_t part, const ValueOf& value_of) {
  const size_t first = composition_.FirstOf(part);
  const size_t count = Of(first).size();
  Round points(count);
  for (size_t block = 0; block < count; ++block) {
    const Leaves leaves = Of(first)[block].leaves;
    if (SpaceOf(leaves).empty()) continue;
    History history;
    for (size_t earlier = first; earlier < part; ++earlier) AddTrials(earlier, block, value_of, &history);
    points[block] =
        composition_.SearchOf(part).Propose(leaves, composition_.parts()[part].round, std::move(history));
  }
  return points;
}

std::vector<std::string> StageBlocks::StandIns(size_t part) {
  return Choose(part, [](const std::string&, const std::string&) { return std::optional<double>(0); });
}

}  // namespace optfleet::sweeps
