// A sweep: one question, expanded once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/time.h"
#include "coordinator/domain/checkpoint.h"
#include "coordinator/domain/pause.h"
#include "coordinator/domain/search.h"
#include "coordinator/domain/states.h"

namespace optfleet::domain {

struct SourceFile {
  std::string path;  // as its author gave it, for diagnostics
  std::string text;
  std::string folder;  // relative data paths start from here; empty: they stay as written
  friend bool operator==(const SourceFile&, const SourceFile&) = default;
};

// What the author wrote; needed only by readers, so the engine does not keep it.
struct SweepSource {
  std::vector<SourceFile> files;                   // composed left to right
  std::vector<std::string> overrides;              // key=value, applied in order after the files
  std::string working_folder;                      // as SourceFile::folder, for overrides
  std::map<std::string, std::string> environment;  // values of the references in the files
  friend bool operator==(const SweepSource&, const SweepSource&) = default;
};

// A part of a sweep whose jobs depend on the outcome of earlier ones: a stage of its file, or one of the
// rounds in which a stage, or a sweep without stages, finds its points.
struct Stage {
  std::string name;           // of the stage, or "round 3" of a sweep without
  std::string base;           // as written: "best(batch)"; empty: it starts from the keys of the file
  std::vector<int32_t> from;  // jobs that it began from; empty before it begins
  int32_t round = 0;          // from 1, where the stage has rounds; 0 otherwise
  // Of a round after the first: the points that it tries, in the unit cube, by block.
  std::vector<std::vector<std::vector<double>>> points = {};
  // "rates", "rates (round 3)".
  std::string Title() const { return round == 0 ? name : name + " (round " + std::to_string(round) + ")"; }
  friend bool operator==(const Stage&, const Stage&) = default;
};

struct Stages {
  std::vector<Stage> all;  // empty: the sweep has none
  int32_t begun = 0;       // so many of them; with any at least one
  std::string problem;     // why the next one cannot begin; none begins any more then
  bool has_next() const { return static_cast<size_t>(begun) < all.size() && problem.empty(); }
  friend bool operator==(const Stages&, const Stages&) = default;
};

struct Sweep {
  std::string id;
  std::string display_name;
  SweepState state = SweepState::kActive;
  std::vector<std::string> axes;  // in expansion order
  sweeps::Objective objective;    // by which of Job::final jobs are compared
  int32_t job_count = 0;
  int32_t merged_points = 0;  // points that were equal to an earlier one and share its job
  int32_t reused_jobs = 0;    // that took over the outcome of a job of another sweep
  int32_t priority = 0;       // higher first
  int32_t max_running = 0;    // so many attempts at a time; 0: no limit
  Pause pause = Pause::kNo;
  int32_t revision = 1;  // raised by whatever changes its set of jobs or opens an ended one again
  bool cancel_requested = false;
  KeepPolicy keep;
  Stages stages;
  SearchPolicy search;
  int32_t first_competitor = 1;  // jobs from this number on compete at rungs; those before have done so
  bool names_kept = false;       // the spec of some job names a checkpoint that outlived its job
  int64_t incarnation = 0;       // of the database that it was created in; 0: before that was noted
  Time create_time;
  std::optional<Time> end_time;
  friend bool operator==(const Sweep&, const Sweep&) = default;
};

// Jobs of one sweep that have ended.
struct EndedJobs {
  std::map<std::string, int32_t> by_outcome;  // by OutcomeName
  std::optional<int32_t> best_job;            // number; least cost (sweeps::Objective), then least number
  double best_cost = 0;                       // only with best_job

  int32_t total() const {
    int32_t sum = 0;
    for (const auto& [outcome, count] : by_outcome) sum += count;
    return sum;
  }
  friend bool operator==(const EndedJobs&, const EndedJobs&) = default;
};

}  // namespace optfleet::domain
