// Walks the points of a stage (of a sweep without stages: all points) and gives a sink its jobs. One thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "spec/canonical.h"
#include "sweeps/axes.h"
#include "sweeps/document.h"
#include "sweeps/expand.h"
#include "sweeps/grid.h"
#include "sweeps/point_problems.h"
#include "sweeps/unused_keys.h"

namespace optfleet::sweeps {

// Points of blocks in order: those that are left out, and repeats, are counted and not visited.
template <typename Visit, typename Excluded>
void ForEachPoint(const std::vector<Block>& blocks, const Visit& visit, const Excluded& left_out) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (!blocks[i].has_points) continue;
    Grid grid(blocks[i].leaves, blocks[i].slots);
    do {
      if (grid.IsRepeat())
        left_out(/*excluded=*/false);
      else if (grid.IsExcludedBy(blocks[i].exclusions))
        left_out(/*excluded=*/true);
      else if (!visit(grid, i))
        return;
    } while (grid.Next());
  }
}

// What the walks over several stages find together.
struct Findings {
  PointProblems problems;
  UnusedKeys unused_keys;
  int64_t points = 0;
  bool unknown_steps = false;  // of some job, whose budget is in seconds or epochs
  std::set<std::pair<std::string_view, std::string>> computed_files;
};

// How a walk is done.
struct WalkOptions {
  std::string stage;                     // its name, a job's first value; empty: there are none
  std::vector<const spec::Field*> axes;  // the others
  bool keeps_equal = false;              // equal points are jobs of their own
  size_t portion = 0;                    // jobs given to the sink at a time
};

class PointWalk {
 public:
  // `expansion` gets what the walk finds but for the jobs, which go to `sink` unless a mistake was found
  // before (then null); `files` those whose names are computed. All must outlive it.
  PointWalk(const std::vector<Block>& blocks, WalkOptions options, JobSink* sink, Expansion* expansion,
            std::vector<NeededFile>* files, Findings* findings);

  void Run();

  int64_t jobs() const { return static_cast<int64_t>(job_of_hash_.size()); }

 private:
  bool Visit(const Grid& grid, size_t block);
  void AddComputedFiles(const Grid& grid, size_t block);
  void AddPoint(spec::TrainingSpec spec, const Grid& grid, size_t block);
  std::string HashOfCopy(const std::string& hash);
  void HandOver();
  std::vector<std::string> Values(const Leaves& leaves, const spec::TrainingSpec& written,
                                  const spec::TrainingSpec& resolved);
  std::string Describe(const spec::TrainingSpec& written);

  const std::vector<Block>& blocks_;
  WalkOptions options_;
  std::vector<Spelling> spellings_;  // of each axis
  JobSink* sink_;
  Expansion* expansion_;
  std::vector<NeededFile>* files_;
  Findings* findings_;
  size_t first_block_;    // of findings_->unused_keys
  bool feeding_ = false;  // no mistake was found, and the sink wants more
  bool stopped_ = false;  // by the sink
  std::vector<Job> jobs_;
  int64_t point_ = 0;
  spec::CanonicalWriter canonical_;
  std::unordered_map<std::string, int32_t> job_of_hash_;
  std::unordered_map<std::string, int32_t> copies_;  // so many behind the first
};

}  // namespace optfleet::sweeps
