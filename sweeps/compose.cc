#include "sweeps/compose.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/text.h"
#include "common/yaml.h"
#include "sweeps/replicates.h"
#include "sweeps/stages.h"

namespace optfleet::sweeps {
namespace {

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
  MergeGuard(over.guard, &whole->guard);
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

std::vector<Block> BlocksIn(const Stage& stage) {
  return stage.own->blocks.value_or(std::vector<Block>{Block{}});
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
  composition.override_sample_ = overrides.sample;
  composition.override_replicates_ = overrides.replicates;
  MergeDocument(std::move(overrides), &whole);
  composition.rounds_ = input.progress.rounds;
  composition.draws_at_random_ = input.draws_at_random;
  if (whole.stages) {
    composition.stages_ = *whole.stages;
    if (whole.blocks)
      diagnostics->Add(whole.blocks_position, "`sweep` cannot stand beside `stages`",
                       "move its blocks into a stage");
  } else {
    auto own = std::make_shared<Document>();
    own->blocks = std::exchange(whole.blocks, std::nullopt);
    composition.stages_.push_back({.name = "", .position = {}, .base = {}, .own = own});
  }
  composition.AddParts(diagnostics);
  return composition;
}

void Composition::AddParts(Diagnostics* diagnostics) {
  int32_t all = 0;  // rounds
  for (size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    std::vector<Block> blocks;
    for (const Block& block : BlocksIn(stage))
      blocks.push_back(Complete(stage, stage.base ? Leaves() : whole_.base, block));
    const StageSearch& search = searches_.emplace_back(SampleOf(stage), whole_.resources, blocks);
    search.Check(diagnostics);
    const int32_t rounds = std::min(search.rounds(), kMostRounds);
    for (int32_t round = 0; round < rounds; ++round) parts_.push_back({.stage = i, .round = round});
    if (search.in_rounds()) all += rounds;
  }
  if (all > kMostRounds)
    diagnostics->Add(stages_.front().position,
                     "the stages have more than " + std::to_string(kMostRounds) + " rounds together",
                     "raise `sample.batch`, the points that are tried at a time");
}

Sample Composition::SampleOf(const Stage& stage) const {
  Sample sample = whole_.sample;
  // The size of a round is of no use to a stage that says that it has none.
  if (stage.own->sample.method && !stage.own->sample.is_tpe()) sample.batch.reset();
  MergeSample(stage.own->sample, &sample);
  MergeSample(override_sample_, &sample);
  if (draws_at_random_ && sample.is_tpe()) {
    sample.method = SearchMethod::kRandom;
    sample.batch.reset();
  }
  return sample;
}

std::string Composition::NameOf(size_t part) const {
  if (!in_rounds()) return StageOf(part).name;
  return "round " + std::to_string(parts_[part].round + 1);
}

std::vector<size_t> Composition::PartsOf(const std::string& stage) const {
  std::vector<size_t> found;
  for (size_t part = 0; part < parts_.size(); ++part)
    if (StageOf(part).name == stage) found.push_back(part);
  return found;
}

std::vector<Block> Composition::BlocksOf(size_t part, const std::vector<Leaves>& bases,
                                         Diagnostics* diagnostics) const {
  const Stage& stage = StageOf(part);
  std::vector<Block> blocks;
  for (const Leaves& base : stage.base ? bases : std::vector<Leaves>{whole_.base})
    for (const Block& block : BlocksIn(stage)) blocks.push_back(Complete(stage, base, block));
  const bool must_draw = !has_stages() || stage.own->sample.points;
  SearchOf(part).DrawInto(parts_[part].round, DrawnOf(part), must_draw, &blocks, diagnostics);
  const auto& own = stage.own->replicates ? stage.own->replicates : whole_.replicates;
  if (const auto& replicates = override_replicates_ ? override_replicates_ : own)
    for (Block& block : blocks) AddReplicates(*replicates, &block.leaves, diagnostics);
  return blocks;
}

const Round* Composition::DrawnOf(size_t part) const {
  return part > 0 && part <= rounds_.size() ? &rounds_[part - 1] : nullptr;
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
