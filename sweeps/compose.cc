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
  if (!whole.stages) {
    auto own = std::make_shared<Document>();
    own->blocks = std::exchange(whole.blocks, std::nullopt);
    composition.stages_.push_back({.name = {}, .position = {}, .base = {}, .own = std::move(own)});
    return composition;
  }
  composition.stages_ = *whole.stages;
  if (whole.blocks)
    diagnostics->Add(whole.blocks_position, "`sweep` cannot stand beside `stages`",
                     "move its blocks into a stage");
  return composition;
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
  for (Block& block : blocks) drawn += DrawSamples(sample, &block.leaves, diagnostics);
  const bool must_draw = !has_stages() || wanted.own->sample.points;
  if (must_draw && sample.points && drawn == 0 && diagnostics->empty())
    diagnostics->Add(sample.position, "`sample` has no key to draw points of",
                     "give one as {from: 1e-4, to: 1e-1, spacing: log} or {choose: [relu, gelu]}");
  const auto& replicates = wanted.own->replicates ? wanted.own->replicates : whole_.replicates;
  if (replicates)
    for (Block& block : blocks) AddReplicates(*replicates, &block.leaves, diagnostics);
  return blocks;
}

Block Composition::Complete(const Stage& stage, const Leaves& base, const Block& block) const {
  Block complete = block;
  complete.leaves = base;
  MergeOver(stage.own->base, &complete.leaves);
  MergeOver(block.leaves, &complete.leaves);
  MergeOver(overrides_, &complete.leaves);
  for (const auto* outer : {&stage.own->exclusions, &whole_.exclusions})
    complete.exclusions.insert(complete.exclusions.end(), outer->begin(), outer->end());
  return complete;
}

}  // namespace optfleet::sweeps
