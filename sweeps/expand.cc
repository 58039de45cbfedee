#include "sweeps/expand.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "common/text.h"
#include "spec/fields.h"
#include "sweeps/axes.h"
#include "sweeps/compose.h"
#include "sweeps/point_walk.h"
#include "sweeps/stage_blocks.h"
#include "sweeps/stages.h"

namespace optfleet::sweeps {
namespace {

constexpr size_t kPortion = 1000;  // jobs, where all are wanted

std::vector<NeededFile> FilesOf(const std::vector<Block>& blocks) {
  std::vector<NeededFile> files;
  std::set<std::pair<std::string_view, std::string>> seen;
  for (const Block& block : blocks)
    for (const Leaf& leaf : block.leaves) {
      const std::string_view key = leaf.field->key;
      for (const LeafValue& value : leaf.values) {
        if (value.computed != nullptr) continue;  // known at each point
        const auto* path = std::get_if<std::string>(&value.value);
        if (path != nullptr && spec::NamesFile(key, *path) && seen.emplace(key, *path).second)
          files.push_back({key, *path, value.position});
      }
    }
  return files;
}

// Nothing if with those `before` there are more points than a sweep may have, which is reported.
std::optional<int64_t> CountPoints(const std::vector<Block>& blocks, int64_t before,
                                   Diagnostics* diagnostics) {
  int64_t points = 0;
  for (const Block& block : blocks) {
    if (!block.has_points) continue;
    const auto count = Grid(block.leaves).CountUpTo(kMostPoints - before - points);
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

// All jobs at once.
class Collector : public JobSink {
 public:
  void Begin(const Expansion& sweep) override { jobs_.reserve(static_cast<size_t>(sweep.points)); }
  bool Take(std::vector<Job> jobs) override {
    jobs_.insert(jobs_.end(), std::move_iterator(jobs.begin()), std::move_iterator(jobs.end()));
    return true;
  }
  std::vector<Job> jobs() && { return std::move(jobs_); }

 private:
  std::vector<Job> jobs_;
};

// All of the sweep that is known before its points are looked at.
Expansion HeadOf(const SweepInput& input, const Document& header) {
  Expansion expansion;
  const std::string path = input.files.empty() ? "" : input.files.front().path;
  expansion.name = header.name.value_or(NameFromPath(path));
  expansion.description = header.description.value_or("");
  expansion.objective = header.objective.value_or(Objective());
  expansion.resources = header.resources;
  expansion.keep = header.keep;
  expansion.halving = header.halving.Plan();
  expansion.stop = header.stop.Plan();
  expansion.guard = header.guard.Plan();
  return expansion;
}

// A round in which nothing is tried any more is none.
void ReportEmpty(const std::vector<Block>& blocks, Diagnostics* diagnostics) {
  for (const Block& block : blocks)
    for (const Leaves& exclusion : block.has_points ? block.exclusions : std::vector<Leaves>())
      return diagnostics->Add(exclusion.front().key_position, "`exclude` leaves no point of the grid",
                              "exclude less, or widen an axis");
}

// One part (sweeps/compose.h) to be expanded and those behind it to be looked at.
class Expander {
 public:
  Expander(const SweepInput& input, const Composition& composition, Expansion head, ExpandResult* result)
      : input_(input),
        composition_(composition),
        head_(std::move(head)),
        result_(result),
        part_(input.progress.bases.size()),
        blocks_(composition, head_.objective, &result->diagnostics) {}

  // False if there is nothing to walk over, which is reported.
  bool Prepare() {
    if (part_ >= composition_.parts().size()) return false;
    blocks_.SetBases(input_.progress.bases);
    AddFiles(blocks_.Of(part_));
    if (!composition_.usable() || blocks_.Of(part_).empty()) return false;
    const auto points = CountPoints(blocks_.Of(part_), 0, &result_->diagnostics);
    if (!points) return false;
    head_.points = *points;
    head_.in_rounds = composition_.in_rounds();
    if (composition_.has_stages() || composition_.in_rounds())
      for (size_t part = 0; part < composition_.parts().size(); ++part) head_.stages.push_back(PlanOf(part));
    return part_ > 0 || LookAhead();
  }

  void Run(size_t portion, JobSink* sink) {
    const std::vector<Block>& blocks = blocks_.Of(part_);
    Diagnostics& diagnostics = result_->diagnostics;
    const bool complete = diagnostics.empty();
    Expansion expansion = head_;
    const std::vector<const spec::Field*> axes = ChooseAllAxes();
    if (composition_.has_stages()) expansion.axes.emplace_back(kStageAxis);
    for (const spec::Field* axis : axes) expansion.axes.emplace_back(axis->key);
    if (complete) sink->Begin(expansion);
    PointWalk walk(blocks, {StageNameOf(part_), axes, KeepsEqual(), portion}, complete ? sink : nullptr,
                   &expansion, &result_->files, &findings_);
    walk.Run();
    Count(part_, walk.jobs(), expansion.points, &expansion.stages);
    if (part_ > 0) expansion.stages[part_].bases = static_cast<int32_t>(input_.progress.bases.back().size());
    if (expansion.points == 0 && complete) ReportEmpty(blocks, &diagnostics);
    if (findings_.unknown_steps && head_.halving)
      diagnostics.Add(composition_.header().halving.position, "`halving` needs jobs that end after steps",
                      "give their budget in steps, tokens or FLOPs instead of seconds or epochs");
    if (findings_.unknown_steps) ReportStopShares(composition_.header().stop, &diagnostics);
    findings_.problems.Report(findings_.points, complete, &diagnostics);
    // A name that was refused may be the one that reads a key. Later stages have what was looked at before.
    if (complete && part_ == 0) findings_.unused_keys.Report(&diagnostics);
    if (diagnostics.empty()) result_->expansion = std::move(expansion);
  }

 private:
  class NoSink : public JobSink {
   public:
    void Begin(const Expansion& /*sweep*/) override {}
    bool Take(std::vector<Job> /*jobs*/) override { return true; }
  };

  bool KeepsEqual() const { return composition_.header().keeps_equal_points.value_or(false); }
  // What jobs are told apart by.
  std::string StageNameOf(size_t part) const {
    return composition_.has_stages() ? composition_.StageOf(part).name : std::string();
  }
  StagePlan PlanOf(size_t part) const {
    const auto& base = composition_.StageOf(part).base;
    const int32_t round = composition_.parts()[part].round;
    const bool in_rounds = composition_.has_stages() && composition_.SearchOf(part).in_rounds();
    return {.name = composition_.NameOf(part),
            .base = base && round == 0 ? base->text : "",
            .round = in_rounds ? round + 1 : 0,
            .drawing = composition_.SearchOf(part).drawing()};
  }
  void AddFiles(const std::vector<Block>& blocks) {
    for (NeededFile& file : FilesOf(blocks)) {
      const auto same = [&](const NeededFile& known) {
        return known.key == file.key && known.path == file.path;
      };
      if (std::none_of(result_->files.begin(), result_->files.end(), same))
        result_->files.push_back(std::move(file));
    }
  }
  // What a walk over a part found; further rounds of the stage have as many jobs for each point.
  void Count(size_t part, int64_t jobs, int64_t points, std::vector<StagePlan>* plans) {
    if (plans->empty()) return;
    const auto& parts = composition_.parts();
    const StageSearch& search = composition_.SearchOf(part);
    const int32_t here = std::max(search.PointsInRound(parts[part].round), 1);
    (*plans)[part].points = points;
    (*plans)[part].jobs = jobs;
    for (size_t at = part + 1; at < parts.size() && parts[at].stage == parts[part].stage; ++at) {
      (*plans)[at].points = points * search.PointsInRound(parts[at].round) / here;
      (*plans)[at].jobs = jobs * search.PointsInRound(parts[at].round) / here;
    }
  }

  // With those of the other rounds of the stage, where it is known how many these have.
  int64_t WithRounds(size_t part, int64_t points) const {
    const StageSearch& search = composition_.SearchOf(part);
    if (!search.in_rounds() || search.looks_for_largest()) return points;
    int64_t all = 0;
    for (int32_t round = 0; round < search.rounds(); ++round)
      all += points * search.PointsInRound(round) / std::max(search.PointsInRound(0), 1);
    return all;
  }

  bool CheckRounds(size_t part, int64_t all) {
    if (all <= kMostPoints) return true;
    result_->diagnostics.Add(composition_.SearchOf(part).position(),
                             "the rounds have more than " + FormatCount(kMostPoints) + " points together",
                             "lower `sample.points`, which are drawn for each combination of lists");
    return false;
  }

  // Later stages, as if the jobs that come first were the best: their mistakes are those of the file. False
  // if one has too many points.
  bool LookAhead() {
    int64_t all = WithRounds(0, head_.points);
    if (!CheckRounds(0, all)) return false;
    for (size_t part = 1; part < composition_.parts().size(); ++part) {
      const bool is_round = composition_.parts()[part].round > 0;
      const auto stand_ins = is_round ? std::vector<std::string>() : blocks_.StandIns(part);
      blocks_.AddBases(stand_ins);
      if (is_round) continue;  // it has its points from the one before
      const std::vector<Block>& blocks = blocks_.Of(part);
      // Without any an earlier stage has no point that can be trained, which is reported.
      if (blocks.empty()) continue;
      AddFiles(blocks);
      const auto points = CountPoints(blocks, all, &result_->diagnostics);
      if (!points) return false;
      all += WithRounds(part, *points);
      if (!CheckRounds(part, all)) return false;
      Expansion seen;
      seen.points = *points;
      NoSink sink;
      PointWalk walk(blocks, {StageNameOf(part), ChooseAxes(blocks), KeepsEqual(), kPortion},
                     result_->diagnostics.empty() ? &sink : nullptr, &seen, &result_->files, &findings_);
      walk.Run();
      if (seen.points == 0) ReportEmpty(blocks, &result_->diagnostics);
      head_.stages[part].bases = static_cast<int32_t>(stand_ins.size());
      Count(part, walk.jobs(), seen.points, &head_.stages);
    }
    return true;
  }

  // Those of all stages, so that each job has a value on them; behind those that the sweep has already.
  std::vector<const spec::Field*> ChooseAllAxes() {
    std::vector<const spec::Field*> axes;
    for (const std::string& key : input_.progress.axes)
      if (const spec::Field* axis = spec::FindField(key)) axes.push_back(axis);
    if (part_ > 0) return axes;
    std::set<const spec::Field*> chosen;
    std::vector<Block> all;
    for (size_t part = 0; part < composition_.parts().size(); ++part) {
      if (composition_.parts()[part].round > 0) continue;
      const std::vector<Block>& blocks = blocks_.Of(part);
      for (const spec::Field* axis : ChooseAxes(blocks)) chosen.insert(axis);
      all.insert(all.end(), blocks.begin(), blocks.end());
    }
    for (const spec::Field* axis : axes) chosen.erase(axis);
    for (const spec::Field* key : KeysInOrder(all))
      if (chosen.contains(key)) axes.push_back(key);
    return axes;
  }

  const SweepInput& input_;
  const Composition& composition_;
  Expansion head_;
  ExpandResult* result_;
  size_t part_;
  StageBlocks blocks_;
  Findings findings_;
};

}  // namespace

StageStart ChooseStart(const SweepInput& input, const ValueOf& value_of) {
  Diagnostics diagnostics(SourcesOf(input));
  References references(input.environment);
  const Composition composition = Composition::Of(input, &references, &diagnostics);
  const size_t part = input.progress.bases.size() + 1;
  if (!composition.usable() || part >= composition.parts().size()) return {};
  StageBlocks blocks(composition, composition.header().objective.value_or(Objective()), &diagnostics);
  blocks.SetBases(input.progress.bases);
  if (composition.parts()[part].round > 0) return {.bases = {}, .round = blocks.Propose(part, value_of)};
  return {.bases = blocks.Choose(part, value_of), .round = {}};
}

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
  const Composition composition = Composition::Of(input, &references, &result.diagnostics);
  Expansion expansion = HeadOf(input, composition.header());
  expansion.environment = references.used();
  ReportIdleStopKeys(composition.header().stop, expansion.objective, &result.diagnostics);
  ReportIdleGuardKeys(composition.header().guard, &result.diagnostics);
  Expander expander(input, composition, std::move(expansion), &result);
  if (expander.Prepare()) expander.Run(portion, sink);
  return result;
}

ExpandResult ExpandSweep(const SweepInput& input) {
  Collector collector;
  ExpandResult result = ExpandSweepInto(input, kPortion, &collector);
  if (result.expansion) result.expansion->jobs = std::move(collector).jobs();
  return result;
}

}  // namespace optfleet::sweeps
