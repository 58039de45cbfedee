#include "sweeps/compose.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/text.h"
#include "common/yaml.h"
#include "spec/memory.h"
#include "spec/resolve.h"
#include "sweeps/grid.h"
#include "sweeps/range.h"
#include "sweeps/replicates.h"
#include "sweeps/search/largest.h"
#include "sweeps/stages.h"

namespace optfleet::sweeps {
namespace {

constexpr int32_t kMostRounds = 500;

// Files and overrides, each as a document.
class Reader {
 public:
  Reader(const SweepInput& input, References* references, Diagnostics* diagnostics)
      : input_(input), references_(references), diagnostics_(diagnostics) {}

  Document ReadFile(size_t index) {
    const auto root = ParseYaml(static_cast<int32_t>(index), input_.files[index].text, diagnostics_);
    usable_ = usable_ && root.has_value();
    if (!root) return {};
    return ReadDocument(*root, {input_.files[index].folder, true, references_, diagnostics_});
  }

  // "key=value" is read as a file of that one key.
  Document ReadOverride(size_t index) {
    const std::string& text = input_.overrides[index];
    const auto source = static_cast<int32_t>(input_.files.size() + index);
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      diagnostics_->Add({.file = source, .length = static_cast<int32_t>(text.size())},
                        "an override must read key=value, found " + TruncateToWidth(text, 60),
                        "for example optimizer.learning_rate=1e-3");
      return {};
    }
    // Blanks in place of the key keep the columns of the value.
    const auto value =
        ParseYaml(source, std::string(equals + 1, ' ') + text.substr(equals + 1), diagnostics_);
    usable_ = usable_ && value.has_value();
    if (!value) return {};
    YamlNode root;
    root.kind = YamlNode::Kind::kMap;
    root.position = {.file = source};
    const SourcePosition key_position{source, 1, 1, static_cast<int32_t>(equals)};
    root.entries.push_back({text.substr(0, equals), key_position, *value});
    return ReadDocument(root, {input_.working_folder, false, references_, diagnostics_});
  }

  bool usable() const { return usable_; }

 private:
  const SweepInput& input_;
  References* references_;
  Diagnostics* diagnostics_;
  bool usable_ = true;
};

void MergeDocument(Document over, Document* whole) {
  if (over.name) whole->name = std::move(over.name);
  if (over.description) whole->description = std::move(over.description);
  if (over.objective) whole->objective = std::move(over.objective);
  MergeResources(over.resources, &whole->resources);
  MergeKeep(over.keep, &whole->keep);
  MergeHalving(over.halving, &whole->halving);
  MergeStop(over.stop, &whole->stop);
  MergeSample(over.sample, &whole->sample);
  if (over.replicates) whole->replicates = over.replicates;
  if (over.keeps_equal_points) whole->keeps_equal_points = over.keeps_equal_points;
  if (over.blocks) {
    whole->blocks = std::move(over.blocks);
    whole->blocks_position = over.blocks_position;
  }
  if (over.stages) whole->stages = std::move(over.stages);
  MergeOver(over.base, &whole->base);
  whole->exclusions.insert(whole->exclusions.end(), over.exclusions.begin(), over.exclusions.end());
}

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

// The widest range in which the largest is looked for; null if none is.
void Widen(const Leaves& leaves, std::shared_ptr<const Distribution>* widest) {
  for (const Leaf& leaf : leaves) {
    const auto& one = leaf.distribution;
    if (one == nullptr || !one->is_largest) continue;
    if (*widest == nullptr || one->to - one->from > (*widest)->to - (*widest)->from) *widest = one;
  }
}

}  // namespace

Composition Composition::Of(const SweepInput& input, References* references, Diagnostics* diagnostics) {
  Composition composition;
  Document& whole = composition.whole_;
  Reader reader(input, references, diagnostics);
  for (size_t i = 0; i < input.files.size(); ++i) MergeDocument(reader.ReadFile(i), &whole);
  Document overrides;
  for (size_t i = 0; i < input.overrides.size(); ++i) MergeDocument(reader.ReadOverride(i), &overrides);
  composition.usable_ = reader.usable();
  composition.overrides_ = std::exchange(overrides.base, {});
  MergeDocument(std::move(overrides), &whole);
  composition.rounds_ = input.progress.rounds;
  Widen(whole.base, &composition.largest_);
  Widen(composition.overrides_, &composition.largest_);
  if (whole.blocks)
    for (const Block& block : *whole.blocks) Widen(block.leaves, &composition.largest_);
  if (!whole.stages) {
    auto own = std::make_shared<Document>();
    own->blocks = std::exchange(whole.blocks, std::nullopt);
    const int32_t count = composition.CountRounds(diagnostics);
    for (int32_t i = 1; i <= count; ++i)
      composition.stages_.push_back({.name = composition.in_rounds() ? "round " + std::to_string(i) : "",
                                     .position = {},
                                     .base = {},
                                     .own = own});
    return composition;
  }
  composition.stages_ = *whole.stages;
  if (whole.blocks)
    diagnostics->Add(whole.blocks_position, "`sweep` cannot stand beside `stages`",
                     "move its blocks into a stage");
  return composition;
}

// One if points are not drawn in rounds; what is wrong is reported.
int32_t Composition::CountRounds(Diagnostics* diagnostics) const {
  if (!in_rounds()) return 1;
  if (largest_ != nullptr)
    return MostAttempts({static_cast<int64_t>(largest_->from), static_cast<int64_t>(largest_->to), 1});
  const Sample& sample = whole_.sample;
  if (!sample.points)
    diagnostics->Add(sample.position, "`sample.method: tpe` needs `sample.points`",
                     "as {points: 40, method: tpe}");
  const int32_t rounds = sample.rounds();
  if (rounds > kMostRounds)
    diagnostics->Add(sample.position, "`sample` has more than " + std::to_string(kMostRounds) + " rounds",
                     "raise `sample.batch`, the points that are tried at a time");
  return std::clamp(rounds, 1, kMostRounds);
}

size_t Composition::IndexOf(const std::string& stage) const {
  const auto found =
      std::find_if(stages_.begin(), stages_.end(), [&](const Stage& one) { return one.name == stage; });
  return static_cast<size_t>(found - stages_.begin());
}

std::vector<Block> Composition::BlocksOf(size_t stage, const std::vector<Leaves>& bases,
                                         Diagnostics* diagnostics) const {
  const Stage& wanted = stages_[stage];
  const std::vector<Block> own = wanted.own->blocks.value_or(std::vector<Block>{Block{}});
  std::vector<Block> blocks;
  for (const Leaves& base : wanted.base ? bases : std::vector<Leaves>{whole_.base})
    for (const Block& block : own) blocks.push_back(Complete(wanted, base, block));

  Sample sample = whole_.sample;
  MergeSample(wanted.own->sample, &sample);
  int drawn = 0;
  if (in_rounds()) {
    DrawRound(stage, &blocks, diagnostics);
    for (const Block& block : blocks) drawn += static_cast<int>(SpaceOf(block.leaves).size());
  } else if (sample.is_tpe()) {
    diagnostics->Add(sample.position, "`sample.method: tpe` cannot be used with `stages`",
                     "use sobol or random there");
  } else {
    for (Block& block : blocks) drawn += DrawSamples(sample, &block.leaves, diagnostics);
  }
  if (sample.batch && !sample.is_tpe())
    diagnostics->Add(sample.position, "`sample.batch` is for `method: tpe`",
                     "remove it: the others know all points at once");
  const bool must_draw = !has_stages() || wanted.own->sample.points;
  if (must_draw && sample.points && drawn == 0 && diagnostics->empty())
    diagnostics->Add(sample.position, "`sample` has no key to draw points of",
                     "give one as {from: 1e-4, to: 1e-1, spacing: log} or {choose: [relu, gelu]}");
  const auto& replicates = wanted.own->replicates ? wanted.own->replicates : whole_.replicates;
  if (replicates)
    for (Block& block : blocks) AddReplicates(*replicates, &block.leaves, diagnostics);
  return blocks;
}

int32_t Composition::PointsInRound(size_t round) const {
  return largest_ != nullptr ? 1 : whole_.sample.PointsInRound(static_cast<int32_t>(round));
}

std::vector<Point> Composition::Propose(const Leaves& leaves, size_t round, History history) const {
  if (largest_ != nullptr) return ProposeLargest(leaves, history, whole_.resources);
  std::vector<Point> points;
  const auto proposer = MakeProposer(SearchMethod::kTpe, SpaceOf(leaves), whole_.sample.seed.value_or(0));
  for (int32_t i = 0; i < PointsInRound(round); ++i) {
    const auto number = static_cast<int32_t>(history.size());
    points.push_back(proposer->Propose(number, history));
    history.push_back({.number = number, .point = points.back()});
  }
  return points;
}

std::vector<Point> Composition::PointsOf(size_t round, size_t block, const Leaves& leaves) const {
  if (round == 0) return Propose(leaves, 0, {});
  return round <= rounds_.size() && block < rounds_[round - 1].size() ? rounds_[round - 1][block]
                                                                      : std::vector<Point>();
}

// Each combination of lists is searched by itself, so it is a block of its own from here on. Those that try
// nothing in this round keep their places.
void Composition::DrawRound(size_t round, std::vector<Block>* blocks, Diagnostics* diagnostics) const {
  std::vector<Block> split;
  for (const Block& block : *blocks) SplitByLists(block, &split);
  for (size_t i = 0; i < split.size(); ++i) {
    Leaves& leaves = split[i].leaves;
    CheckSearched(leaves, diagnostics);
    const bool searches = !SpaceOf(leaves).empty();
    const std::vector<Point> points = searches ? PointsOf(round, i, leaves) : std::vector<Point>();
    split[i].has_points = searches ? !points.empty() : round == 0;
    if (!points.empty()) DrawPoints(whole_.sample, points, &leaves);
  }
  *blocks = std::move(split);
}

void Composition::CheckSearched(const Leaves& leaves, Diagnostics* diagnostics) const {
  const Leaf* first = nullptr;
  for (const Leaf& leaf : leaves) {
    if (leaf.distribution == nullptr || largest_ == nullptr) continue;
    if (!leaf.distribution->is_largest || first != nullptr)
      return diagnostics->Add(
          leaf.key_position,
          "`" + std::string(leaf.field->key) + "` cannot stand beside a search for the largest",
          "a block has one key with `largest`, and none that is drawn");
    first = &leaf;
  }
}

Block Composition::Complete(const Stage& stage, const Leaves& base, const Block& block) const {
  Block complete = block;
  complete.leaves = base;
  complete.slots = whole_.resources.slots.value_or(1);
  MergeOver(stage.own->base, &complete.leaves);
  MergeOver(block.leaves, &complete.leaves);
  MergeOver(overrides_, &complete.leaves);
  for (const auto* outer : {&stage.own->exclusions, &whole_.exclusions})
    complete.exclusions.insert(complete.exclusions.end(), outer->begin(), outer->end());
  return complete;
}

}  // namespace optfleet::sweeps
