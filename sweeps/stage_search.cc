#include "sweeps/stage_search.h"

#include <algorithm>
#include <string>
#include <utility>

#include "spec/memory.h"
#include "spec/resolve.h"
#include "sweeps/grid.h"
#include "sweeps/range.h"
#include "sweeps/search/largest.h"

namespace optfleet::sweeps {
namespace {

// A block for each combination of its lists, but for seeds, whose jobs are one point.
void SplitByLists(const Block& block, std::vector<Block>* split) {
  Leaves fixed = block.leaves;
  std::erase_if(fixed,
                [](const Leaf& leaf) { return leaf.distribution != nullptr || IsSeedKey(leaf.field->key); });
  Grid grid(fixed);
  do {
    if (grid.IsRepeat()) continue;
    Block& one = split->emplace_back(block);
    for (const Leaf& leaf : fixed) {
      const auto same = [&](const Leaf& other) { return other.field == leaf.field; };
      const auto place = std::find_if(one.leaves.begin(), one.leaves.end(), same);
      if (!leaf.is_axis || grid.ValueOf(leaf) == nullptr) continue;
      if (grid.IsAbsent(leaf)) {
        one.leaves.erase(place);
        continue;
      }
      place->is_axis = false;
      place->zip.reset();
      place->values = {*grid.ValueOf(leaf)};
    }
  } while (grid.Next());
}

// Whether a run is predicted to fit with that number.
bool Fits(Leaves leaves, size_t at, int64_t number, const Resources& resources) {
  leaves[at].values = {RangeValue(*leaves[at].field, static_cast<double>(number), leaves[at].key_position)};
  spec::TrainingSpec spec = Grid(leaves).spec();
  if (!spec::Resolve(&spec).empty()) return false;
  const bool on_gpu = resources.device == Resources::Device::kGpu;
  const auto device = on_gpu ? spec::MemoryDevice::kCuda : spec::MemoryDevice::kCpu;
  return spec::PredictMemory(spec, device).peak().total() <= resources.memory_bytes;
}

// Where the memory of a slot is known, what is predicted to fit; else the least.
int64_t GuessLargest(const Leaves& leaves, size_t at, const LargestSearch& search,
                     const Resources& resources) {
  int64_t fits = search.from;
  if (resources.memory != Resources::Memory::kBytes) return fits;
  for (int64_t above = search.to + 1; above - fits > 1;) {
    const int64_t middle = fits + (above - fits) / 2;
    (Fits(leaves, at, middle, resources) ? fits : above) = middle;
  }
  return fits;
}

// The number that is tried next, as a point of one dimension; none once the largest is known.
std::vector<Point> ProposeLargest(const Leaves& leaves, const History& history, const Resources& resources) {
  const auto leaf =
      std::find_if(leaves.begin(), leaves.end(), [](const Leaf& one) { return one.distribution != nullptr; });
  LargestSearch search;
  search.from = static_cast<int64_t>(leaf->distribution->from);
  search.to = static_cast<int64_t>(leaf->distribution->to);
  search.guess = GuessLargest(leaves, static_cast<size_t>(leaf - leaves.begin()), search, resources);
  const auto count = static_cast<int32_t>(search.to - search.from + 1);
  std::vector<TriedNumber> tried;
  for (const Trial& trial : history)
    tried.push_back({search.from + IndexOf(trial.point[0], count), trial.state == Trial::State::kEnded});
  const auto next = NextToTry(search, tried);
  if (!next) return {};
  return {{MiddleOf(static_cast<int32_t>(*next - search.from), count)}};
}

}  // namespace

StageSearch::StageSearch(Sample sample, Resources resources, const std::vector<Block>& blocks)
    : sample_(std::move(sample)), resources_(std::move(resources)) {
  for (const Block& block : blocks)
    for (const Leaf& leaf : block.leaves) {
      const auto& one = leaf.distribution;
      if (one == nullptr) continue;
      draws_ = true;
      if (one->is_largest && (largest_ == nullptr || one->to - one->from > largest_->to - largest_->from))
        largest_ = one;
    }
}

int32_t StageSearch::rounds() const {
  if (!in_rounds()) return 1;
  if (looks_for_largest())
    return MostAttempts({static_cast<int64_t>(largest_->from), static_cast<int64_t>(largest_->to), 1});
  return std::max(sample_.rounds(), 1);
}

Drawing StageSearch::drawing() const {
  if (looks_for_largest()) return Drawing::kLargest;
  if (!draws_) return Drawing::kGrid;
  switch (sample_.method.value_or(SearchMethod::kSobol)) {
    case SearchMethod::kSobol:
      return Drawing::kSobol;
    case SearchMethod::kRandom:
      return Drawing::kRandom;
    case SearchMethod::kTpe:
      return Drawing::kTpe;
  }
  return Drawing::kGrid;
}

int32_t StageSearch::PointsInRound(int32_t round) const {
  return looks_for_largest() ? 1 : sample_.PointsInRound(round);
}

void StageSearch::Check(Diagnostics* diagnostics) const {
  if (in_rounds() && !looks_for_largest() && !sample_.points)
    diagnostics->Add(sample_.position, "`sample.method: tpe` needs `sample.points`",
                     "as {points: 40, method: tpe}");
  if (rounds() > kMostRounds)
    diagnostics->Add(sample_.position, "`sample` has more than " + std::to_string(kMostRounds) + " rounds",
                     "raise `sample.batch`, the points that are tried at a time");
  if (sample_.batch && !sample_.is_tpe() && draws_)
    diagnostics->Add(sample_.position, "`sample.batch` is for `method: tpe`",
                     "remove it: the others know all points at once");
}

void StageSearch::DrawInto(int32_t round, const Round* drawn, bool must_draw, std::vector<Block>* blocks,
                           Diagnostics* diagnostics) const {
  if (in_rounds())
    DrawRound(round, drawn, blocks, diagnostics);
  else
    for (Block& block : *blocks) DrawSamples(sample_, &block.leaves, diagnostics);
  if (must_draw && sample_.points && !draws_ && diagnostics->empty())
    diagnostics->Add(sample_.position, "`sample` has no key to draw points of",
                     "give one as {from: 1e-4, to: 1e-1, spacing: log} or {choose: [relu, gelu]}");
}

std::vector<Point> StageSearch::Propose(const Leaves& leaves, int32_t round, History history) const {
  if (looks_for_largest()) return ProposeLargest(leaves, history, resources_);
  std::vector<Point> points;
  const auto proposer = MakeProposer(SearchMethod::kTpe, SpaceOf(leaves), sample_.seed.value_or(0));
  for (int32_t i = 0; i < PointsInRound(round); ++i) {
    const auto number = static_cast<int32_t>(history.size());
    points.push_back(proposer->Propose(number, history));
    history.push_back({.number = number, .point = points.back()});
  }
  return points;
}

std::vector<Point> StageSearch::PointsOf(int32_t round, const Round* drawn, size_t block,
                                         const Leaves& leaves) const {
  if (round == 0) return Propose(leaves, 0, {});
  return drawn != nullptr && block < drawn->size() ? (*drawn)[block] : std::vector<Point>();
}

void StageSearch::DrawRound(int32_t round, const Round* drawn, std::vector<Block>* blocks,
                            Diagnostics* diagnostics) const {
  std::vector<Block> split;
  for (const Block& block : *blocks) SplitByLists(block, &split);
  for (size_t i = 0; i < split.size(); ++i) {
    Leaves& leaves = split[i].leaves;
    split[i].has_points = false;
    if (!CheckSearched(leaves, diagnostics)) continue;
    const bool searches = !SpaceOf(leaves).empty();
    const std::vector<Point> points = searches ? PointsOf(round, drawn, i, leaves) : std::vector<Point>();
    split[i].has_points = searches ? !points.empty() : round == 0;
    if (!points.empty()) DrawPoints(sample_, points, &leaves);
  }
  *blocks = std::move(split);
}

bool StageSearch::CheckSearched(const Leaves& leaves, Diagnostics* diagnostics) const {
  if (!looks_for_largest()) return true;
  bool has_largest = false, is_fine = true;
  for (const Leaf& leaf : leaves) {
    if (leaf.distribution == nullptr) continue;
    if (!has_largest && leaf.distribution->is_largest) {
      has_largest = true;
      continue;
    }
    is_fine = false;
    diagnostics->Add(leaf.key_position,
                     "`" + std::string(leaf.field->key) + "` cannot stand beside a search for the largest",
                     "a block has one key with `largest`, and none that is drawn");
  }
  return is_fine;
}

}  // namespace optfleet::sweeps
