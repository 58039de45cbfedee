#include "sweeps/expand.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "common/sha256.h"
#include "common/text.h"
#include "common/yaml.h"
#include "spec/canonical.h"
#include "spec/fields.h"
#include "spec/resolve.h"
#include "sweeps/axes.h"
#include "sweeps/document.h"
#include "sweeps/grid.h"
#include "sweeps/leaf_reader.h"
#include "sweeps/point_problems.h"
#include "sweeps/replicates.h"
#include "sweeps/unused_keys.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kDefaultObjective = "val_loss";
constexpr size_t kMostReserved = 1024;  // of a portion before its first job

// Files and overrides put together.
struct Composition {
  Document header;            // name, description, objective
  std::vector<Block> blocks;  // complete: base and overrides are in them
  bool usable = true;         // false if some text could not be read at all
};

class Composer {
 public:
  Composer(const SweepInput& input, References* references, Diagnostics* diagnostics)
      : input_(input), references_(references), diagnostics_(diagnostics) {}

  Composition Compose() {
    Document whole;
    for (size_t i = 0; i < input_.files.size(); ++i) MergeDocument(ReadFile(i), &whole);
    Document overrides;
    for (size_t i = 0; i < input_.overrides.size(); ++i) MergeDocument(ReadOverride(i), &overrides);

    std::vector<Block> blocks = std::move(whole.blocks).value_or(std::vector<Block>{Block{}});
    for (Block& block : blocks) {
      Leaves leaves = whole.base;
      MergeOver(block.leaves, &leaves);
      MergeOver(overrides.base, &leaves);
      block.leaves = std::move(leaves);
      block.exclusions.insert(block.exclusions.end(), whole.exclusions.begin(), whole.exclusions.end());
    }
    overrides.base.clear();
    MergeDocument(std::move(overrides), &whole);
    int drawn = 0;
    for (Block& block : blocks) drawn += DrawSamples(whole.sample, &block.leaves, diagnostics_);
    if (whole.sample.points && drawn == 0 && diagnostics_->empty())
      diagnostics_->Add(whole.sample.position, "`sample` has no key to draw points of",
                        "give one as {from: 1e-4, to: 1e-1, spacing: log} or {choose: [relu, gelu]}");
    if (whole.replicates)
      for (Block& block : blocks) AddReplicates(*whole.replicates, &block.leaves, diagnostics_);
    return {std::move(whole), std::move(blocks), usable_};
  }

 private:
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

  static void MergeDocument(Document over, Document* whole) {
    if (over.name) whole->name = std::move(over.name);
    if (over.description) whole->description = std::move(over.description);
    if (over.objective) whole->objective = std::move(over.objective);
    MergeResources(over.resources, &whole->resources);
    MergeKeep(over.keep, &whole->keep);
    MergeSample(over.sample, &whole->sample);
    if (over.replicates) whole->replicates = over.replicates;
    if (over.keeps_equal_points) whole->keeps_equal_points = over.keeps_equal_points;
    if (over.blocks) whole->blocks = std::move(over.blocks);
    MergeOver(over.base, &whole->base);
    whole->exclusions.insert(whole->exclusions.end(), over.exclusions.begin(), over.exclusions.end());
  }

  const SweepInput& input_;
  References* references_;
  Diagnostics* diagnostics_;
  bool usable_ = true;
};

std::vector<NeededFile> FilesOf(const std::vector<Block>& blocks) {
  std::vector<NeededFile> files;
  std::set<std::pair<std::string_view, std::string>> seen;
  for (const Block& block : blocks)
    for (const Leaf& leaf : block.leaves) {
      const std::string_view key = leaf.field->key;
      const auto keys = spec::FileKeys();
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
      for (const LeafValue& value : leaf.values) {
        if (value.computed != nullptr) continue;  // known at each point
        const auto& path = std::get<std::string>(value.value);
        if (spec::NamesFile(key, path) && seen.emplace(key, path).second)
          files.push_back({key, path, value.position});
      }
    }
  return files;
}

// Nothing if there are more points than a sweep may have, which is reported.
std::optional<int64_t> CountPoints(const std::vector<Block>& blocks, Diagnostics* diagnostics) {
  int64_t points = 0;
  for (const Block& block : blocks) {
    const auto count = Grid(block.leaves).CountUpTo(kMostPoints - points);
    if (!count) {
      const auto longest =
          std::max_element(block.leaves.begin(), block.leaves.end(),
                           [](const Leaf& a, const Leaf& b) { return a.values.size() < b.values.size(); });
      diagnostics->Add(longest->key_position,
                       "the grid has more than " + FormatCount(kMostPoints) + " points",
                       "shorten axes or split the sweep; this axis is the longest, with " +
                           FormatCount(static_cast<int64_t>(longest->values.size())) + " values");
      return std::nullopt;
    }
    points += *count;
  }
  return points;
}

class PointWalk {
 public:
  // `expansion` gets what the walk finds but for the jobs, which go to `sink`; `files` those whose names are
  // computed.
  PointWalk(const std::vector<Block>& blocks, bool keeps_equal, size_t portion, JobSink* sink,
            Expansion* expansion, std::vector<NeededFile>* files)
      : blocks_(blocks),
        keeps_equal_(keeps_equal),
        axes_(ChooseAxes(blocks)),
        portion_(portion),
        sink_(sink),
        expansion_(expansion),
        files_(files),
        unused_keys_(blocks) {
    for (const spec::Field* axis : axes_) {
      expansion->axes.emplace_back(axis->key);
      spellings_.emplace_back(*axis, blocks);
    }
  }

  void Run(Diagnostics* diagnostics) {
    const bool complete = diagnostics->empty();
    feeding_ = complete;
    if (feeding_) sink_->Begin(*expansion_);
    for (size_t i = 0; i < blocks_.size() && !stopped_; ++i) {
      Grid grid(blocks_[i].leaves);
      do Visit(grid, i);
      while (!stopped_ && grid.Next());
    }
    if (feeding_ && !jobs_.empty()) HandOver();
    if (point_ == 0 && complete) ReportEmpty(diagnostics);
    problems_.Report(expansion_->points, complete, diagnostics);
    // A name that was refused may be the one that reads a key.
    if (complete) unused_keys_.Report(diagnostics);
  }

 private:
  void ReportEmpty(Diagnostics* diagnostics) const {
    for (const Block& block : blocks_)
      for (const Leaves& exclusion : block.exclusions)
        return diagnostics->Add(exclusion.front().key_position, "`exclude` leaves no point of the grid",
                                "exclude less, or widen an axis");
  }

  void Visit(const Grid& grid, size_t block) {
    if (grid.IsRepeat()) {
      --expansion_->points;
      return;
    }
    if (grid.IsExcludedBy(blocks_[block].exclusions)) {
      --expansion_->points;
      ++expansion_->excluded_points;
      return;
    }
    ++point_;
    unused_keys_.Visit(block, grid.spec());
    AddComputedFiles(grid, block);
    spec::TrainingSpec spec = grid.spec();
    // What was not computed would only break further rules.
    const auto problems = grid.problems().empty() ? spec::Resolve(&spec) : grid.problems();
    for (const spec::Problem& problem : problems)
      problems_.Add(problem, blocks_[block], grid, Describe(grid.spec()));
    feeding_ = feeding_ && problems.empty();
    if (feeding_) AddPoint(std::move(spec), grid, block);
  }

  void AddComputedFiles(const Grid& grid, size_t block) {
    if (!grid.computes()) return;
    for (const Leaf& leaf : blocks_[block].leaves) {
      const LeafValue* value = grid.ValueOf(leaf);
      if (value == nullptr || value->computed == nullptr || grid.IsAbsent(leaf)) continue;
      const auto keys = spec::FileKeys();
      if (std::find(keys.begin(), keys.end(), leaf.field->key) == keys.end()) continue;
      const auto path = std::get<std::string>(leaf.field->get(grid.spec()));
      if (spec::NamesFile(leaf.field->key, path) && computed_files_.emplace(leaf.field->key, path).second)
        files_->push_back({leaf.field->key, path, value->position});
    }
  }

  void AddPoint(spec::TrainingSpec spec, const Grid& grid, size_t block) {
    std::string hash = Sha256Hex(canonical_.HashedTextOf(spec));
    if (const auto equal = job_of_hash_.find(hash); equal != job_of_hash_.end()) {
      if (!keeps_equal_) return expansion_->merged_points.push_back({point_, equal->second});
      hash = HashOfCopy(hash);
    }
    Job job;
    job.number = static_cast<int32_t>(job_of_hash_.size()) + 1;
    job.block = static_cast<int32_t>(block) + 1;
    job.values = Values(blocks_[block].leaves, grid.spec(), spec);
    job.spec = std::move(spec);
    job_of_hash_.emplace(hash, job.number);
    job.hash = std::move(hash);
    jobs_.push_back(std::move(job));
    if (jobs_.size() >= portion_) HandOver();
  }

  // A sweep has each hash once, so the second of equal points gets one that says so, and so on.
  std::string HashOfCopy(const std::string& hash) {
    return Sha256Hex(hash + " " + std::to_string(++copies_[hash]));
  }

  void HandOver() {
    stopped_ = !sink_->Take(std::exchange(jobs_, {}));
    feeding_ = feeding_ && !stopped_;
    if (!stopped_) jobs_.reserve(std::min(portion_, kMostReserved));
  }

  std::vector<std::string> Values(const Leaves& leaves, const spec::TrainingSpec& written,
                                  const spec::TrainingSpec& resolved) {
    std::vector<std::string> values;
    values.reserve(axes_.size());
    for (size_t i = 0; i < axes_.size(); ++i) {
      const bool given = FindLeaf(leaves, axes_[i]->key) != nullptr;
      values.push_back(spellings_[i].Of(axes_[i]->get(given ? written : resolved)));
    }
    return values;
  }

  // "optimizer.name=adamw, training.micro_batch=24"; empty for a sweep of one point.
  std::string Describe(const spec::TrainingSpec& written) {
    std::string text;
    for (size_t i = 0; i < axes_.size(); ++i)
      text.append(text.empty() ? "" : ", ").append(axes_[i]->key).append("=") +=
          spellings_[i].Of(axes_[i]->get(written));
    return text;
  }

  const std::vector<Block>& blocks_;
  bool keeps_equal_;
  std::vector<const spec::Field*> axes_;
  std::vector<Spelling> spellings_;
  size_t portion_;
  JobSink* sink_;
  Expansion* expansion_;
  std::vector<NeededFile>* files_;
  std::set<std::pair<std::string_view, std::string>> computed_files_;
  bool feeding_ = false;  // no mistake was found, and the sink wants more
  bool stopped_ = false;  // by the sink
  std::vector<Job> jobs_;
  int64_t point_ = 0;
  spec::CanonicalWriter canonical_;
  std::unordered_map<std::string, int32_t> job_of_hash_;
  std::unordered_map<std::string, int32_t> copies_;  // so many behind the first
  PointProblems problems_;
  UnusedKeys unused_keys_;
};

// All jobs at once.
class Collector : public JobSink {
 public:
  void Begin(const Expansion& /*sweep*/) override {}
  bool Take(std::vector<Job> jobs) override {
    jobs_ = std::move(jobs);
    return true;
  }
  std::vector<Job> jobs() && { return std::move(jobs_); }

 private:
  std::vector<Job> jobs_;
};

// All of the sweep that is known before its points are looked at.
Expansion HeadOf(const SweepInput& input, const Document& header, int64_t points) {
  Expansion expansion;
  const std::string path = input.files.empty() ? "" : input.files.front().path;
  expansion.name = header.name.value_or(NameFromPath(path));
  expansion.description = header.description.value_or("");
  expansion.objective = header.objective.value_or(std::string(kDefaultObjective));
  expansion.resources = header.resources;
  expansion.keep = header.keep;
  expansion.points = points;
  return expansion;
}

}  // namespace

std::vector<SourceText> SourcesOf(const SweepInput& input) {
  std::vector<SourceText> sources;
  for (const SweepFile& file : input.files) sources.push_back({file.path, file.text});
  for (size_t i = 0; i < input.overrides.size(); ++i)
    sources.push_back({"--set #" + std::to_string(i + 1), input.overrides[i]});
  return sources;
}

// "sweeps/quickstart.yaml" -> "quickstart"
std::string NameFromPath(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  const auto name = path.substr(0, path.rfind('.'));
  return name.empty() ? "sweep" : std::string(name);
}

ExpandResult ExpandSweepInto(const SweepInput& input, size_t portion, JobSink* sink) {
  ExpandResult result{.expansion = {}, .diagnostics = Diagnostics(SourcesOf(input)), .files = {}};
  References references(input.environment);
  const Composition composition = Composer(input, &references, &result.diagnostics).Compose();
  result.files = FilesOf(composition.blocks);
  if (!composition.usable || composition.blocks.empty()) return result;
  const auto points = CountPoints(composition.blocks, &result.diagnostics);
  if (!points) return result;

  Expansion expansion = HeadOf(input, composition.header, *points);
  expansion.environment = references.used();
  const bool keeps_equal = composition.header.keeps_equal_points.value_or(false);
  PointWalk(composition.blocks, keeps_equal, portion, sink, &expansion, &result.files)
      .Run(&result.diagnostics);
  if (result.diagnostics.empty()) result.expansion = std::move(expansion);
  return result;
}

ExpandResult ExpandSweep(const SweepInput& input) {
  Collector collector;
  ExpandResult result = ExpandSweepInto(input, kMostPoints, &collector);
  if (result.expansion) result.expansion->jobs = std::move(collector).jobs();
  return result;
}

}  // namespace optfleet::sweeps
