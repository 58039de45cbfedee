// Walks the points of a stage (of a sweep without stages: all points) and gives a sink its jobs. One thread.
//
// A grid has far fewer classes of points (sweeps/point_classes.h) than points, so a point costs what it takes
// to put its own values into what its class came to, to hash it and to look whether it is there already. A
// few thousand classes are remembered: the memory does not grow with the grid, but for the hashes of its
// jobs.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/sha256.h"
#include "spec/canonical.h"
#include "sweeps/axes.h"
#include "sweeps/document.h"
#include "sweeps/expand.h"
#include "sweeps/grid.h"
#include "sweeps/point_classes.h"
#include "sweeps/point_numbers.h"
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

  int64_t jobs() const { return numbers_.size(); }

 private:
  // What holds for all points of a class.
  struct Known {
    size_t point_class = 0;
    enum class Kind { kPoint, kRepeat, kExcluded } kind = Kind::kPoint;
    std::vector<spec::Problem> problems;
    spec::TrainingSpec spec;          // resolved, with the values of the point that was looked at last
    std::vector<std::string> values;  // of a job, but for those of the free leaves
    std::vector<size_t> free_read;    // the free leaves that a run of the class reads: indices into free_
    std::vector<const spec::Field*> free_keys;  // of these
  };
  // A leaf whose values differ within a class.
  struct Free {
    PointClasses::Free at;
    size_t value_index = 0;                 // of a job's values; behind them if it is none of the axes
    std::vector<const std::string*> texts;  // of each of its values
  };

  void WalkBlock(size_t block);
  std::vector<Free> FreeLeavesOf(const PointClasses& classes);
  Known& Look(size_t point_class, size_t block, Grid* grid);
  void LookClosely(size_t block, Grid* grid, Known* known);
  void Visit(size_t block, Known* known, Grid* grid);
  void AddComputedFiles(const Grid& grid, size_t block);
  void AddPoint(size_t block, const Grid& grid, Known* known);
  Sha256Digest HashOfCopy(const std::string& hash);
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
  std::vector<Free> free_;                     // of the block
  std::vector<std::unique_ptr<Known>> known_;  // of the block; a class has one place in it
  spec::CanonicalWriter canonical_;
  const Known* written_ = nullptr;  // whose point canonical_ wrote last
  Sha256Row hashes_;
  PointNumbers numbers_;
  std::unordered_map<std::string, int32_t> copies_;  // so many behind the first
};

}  // namespace optfleet::sweeps
