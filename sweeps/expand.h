// From sweep files to jobs: the whole language of docs/sweeps.md. Pure: texts in, jobs or diagnostics out; no
// file is opened. The same input gives the same jobs everywhere, so optctl and the coordinator expand alike.
//
// Order of composition: files left to right (a later value wins, maps are merged), each block of `sweep:`
// over that, overrides over each block. Of a sweep with `stages:` one stage is expanded at a time. Each list
// is an axis, and so are keys that `zip` links together; a block is the product of its axes, the last one
// fastest, without what `exclude` leaves out; blocks follow each other.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "spec/training_spec.h"
#include "sweeps/keep.h"
#include "sweeps/resources.h"
#include "sweeps/search/guard.h"
#include "sweeps/search/halving.h"
#include "sweeps/search/objective.h"
#include "sweeps/search/proposer.h"
#include "sweeps/search/stop_rules.h"

namespace optfleet::sweeps {

inline constexpr int64_t kMostPoints = 1'000'000;

struct SweepFile {
  std::string path;  // as its author named it, for diagnostics
  std::string text;  // YAML
  std::string
      folder;  // absolute; relative data paths in this file start from here. Empty: they stay as written
};

// Points in the unit cube that a round of sampling tries, by block.
using Round = std::vector<std::vector<Point>>;

// How far a sweep has got of which not all is expanded at once: its parts are its stages, of a stage that
// finds its points in rounds (`sample.method: tpe`, `largest`) each round. Without any: its first part is
// expanded.
struct Progress {
  // Of each later part that has begun, the last of which is expanded: hashes of the jobs that the stage
  // starts from; empty for a round that is not the first of its stage.
  std::vector<std::vector<std::string>> bases;
  // That the sweep has already. To expand the first part others of the file are added behind them.
  std::vector<std::string> axes;
  // Of the same parts, the points of such a round; empty for others.
  std::vector<Round> rounds = {};
};

struct SweepInput {
  std::vector<SweepFile> files;                    // left to right
  std::vector<std::string> overrides;              // "key=value", applied in order
  std::string working_folder;                      // as SweepFile::folder, for data paths in overrides
  std::map<std::string, std::string> environment;  // what ${env:NAME} may refer to
  Progress progress = {};
  // In the place of `tpe` as many points at random, all at once: what a simulation compares a search with.
  bool draws_at_random = false;
};

// For diagnostics: the files, then the overrides as "--set #1" and so on.
std::vector<SourceText> SourcesOf(const SweepInput& input);
// What a sweep is called that has no name: "sweeps/quickstart.yaml" -> "quickstart".
std::string NameFromPath(std::string_view path);

struct Job {
  int32_t number = 0;               // from 1 without gaps, in the order of the first points
  int32_t block = 0;                // from 1; of its first point
  spec::TrainingSpec spec;          // resolved
  std::string hash;                 // spec::Hash; of a kept copy of an equal point another one
  std::vector<std::string> values;  // one per axis of the expansion
};

// A point that equals an earlier one.
struct MergedPoint {
  int64_t point = 0;  // from 1, its place in the grid
  int32_t job = 0;    // number of the job that stands for it
};

// How the points of a stage are found. A grid that none of the others shapes.
enum class Drawing : uint8_t { kGrid, kSobol, kRandom, kTpe, kLargest };

// A stage of a sweep, or a round of one, as far as it is known.
struct StagePlan {
  std::string name;
  std::string
      base;  // "best(batch, per optimizer.name)"; empty: it starts from the file's keys, or is a later round
  int32_t round = 0;  // from 1, where a stage has rounds; 0 otherwise
  Drawing drawing = Drawing::kGrid;
  int32_t bases = 0;   // jobs that it starts from
  int64_t points = 0;  // of a stage that is still to come: if the first jobs of each group were the best
  int64_t jobs = 0;    // the same without points that are equal to another of the stage
};

struct Expansion {
  std::string name;         // as written, or the first file's name without its ending
  std::string description;  // may be empty
  Objective objective;      // what compares jobs
  Resources resources;      // of every job
  KeepCheckpoints keep;
  std::optional<HalvingPlan> halving;  // jobs pause at rungs, and only the best go on
  std::optional<StopPlan> stop;        // rules that stop jobs early
  std::optional<GuardPlan> guard;      // bounds past which the sweep pauses
  std::vector<StagePlan> stages;       // all, and all their rounds; empty: all jobs are here
  bool in_rounds = false;              // the file has no stages: `stages` are its rounds
  // Dotted keys that tell jobs apart: each key that is a list somewhere or that differs between blocks, in
  // order of appearance, over all stages; `stage` first where there are any. A job's value is as the file
  // writes it (the first spelling of equal values) or, where its block does not give the key, as resolved.
  std::vector<std::string> axes;
  std::vector<Job> jobs;
  std::vector<MergedPoint> merged_points;
  int64_t points = 0;           // jobs and merged points
  int64_t excluded_points = 0;  // of the grid, left out by `exclude`
  std::map<std::string, std::string>
      environment;  // the references that were used; enough to expand again elsewhere
};

// A file that some job needs, for the caller to look for; a missing one is reported at its position.
struct NeededFile {
  std::string_view key;  // of the spec; one of spec::FileKeys()
  std::string path;      // as in the specs
  SourcePosition position;
};

struct ExpandResult {
  std::optional<Expansion> expansion;  // present exactly if there are no diagnostics
  Diagnostics diagnostics;             // its sources: the files, then the overrides as "--set #1" and so on
  std::vector<NeededFile> files;       // each once a key; as far as known also where there are diagnostics
};

ExpandResult ExpandSweep(const SweepInput& input);

// Takes the jobs of a sweep as they are found, so that a large one need not be held as a whole, and can be
// written while the rest of its grid is still looked at.
class JobSink {
 public:
  virtual ~JobSink() = default;
  // Once, before any job: the sweep without its jobs and merged points.
  virtual void Begin(const Expansion& sweep) = 0;
  // In order; the last time with what is left. Returns false if no more are wanted, which ends the expansion.
  virtual bool Take(std::vector<Job> jobs) = 0;
};

// As ExpandSweep with `portion` jobs at a time given to the sink, until a mistake is found (what was given is
// of no use then); the result's expansion has no jobs.
ExpandResult ExpandSweepInto(const SweepInput& input, size_t portion, JobSink* sink);

// A job's value of a metric by the hash of its spec; nothing if it has none or does not compete.
using ValueOf = std::function<std::optional<double>(const std::string& hash, const std::string& metric)>;

// What the part behind those in `input.progress` begins with: jobs by hash (StageBlocks::Choose), or the
// points of a round. Both are empty if no job has a value, or if the stage has no base.
struct StageStart {
  std::vector<std::string> bases;
  Round round;
};
StageStart ChooseStart(const SweepInput& input, const ValueOf& value_of);

}  // namespace optfleet::sweeps
