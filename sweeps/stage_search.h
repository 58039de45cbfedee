// How a stage of a sweep (or a sweep without stages) finds its points: it knows them all at once, or searches
// in rounds, each of which follows from what the rounds before came to. Pure; a plain value.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "sweeps/document.h"
#include "sweeps/expand.h"
#include "sweeps/search/proposer.h"

namespace optfleet::sweeps {

inline constexpr int32_t kMostRounds = 500;
// A figure that every job has that ran to its end, which tells a search for the largest that it did.
inline constexpr std::string_view kPeakMemory = "peak_memory_bytes";

class StageSearch {
 public:
  // `blocks`: those of the stage as far as its file says; the jobs that it starts from draw nothing.
  StageSearch(Sample sample, Resources resources, const std::vector<Block>& blocks);

  // Whether there are rounds, of which there may be one.
  bool in_rounds() const { return looks_for_largest() || (sample_.is_tpe() && draws_); }
  bool looks_for_largest() const { return largest_ != nullptr; }
  Drawing drawing() const;
  int32_t rounds() const;                      // at most; 1 if not in rounds
  int32_t PointsInRound(int32_t round) const;  // of each search; of one for the largest at most

  SourcePosition position() const { return sample_.position; }

  // What is wrong with it whatever its blocks are.
  void Check(Diagnostics* diagnostics) const;

  // Gives the blocks of a round, from 0, their points: `drawn` are those of a round that is not the first, by
  // block. In rounds each combination of lists is searched by itself, so it is a block of its own from here
  // on; those that try nothing in this round keep their places. `must_draw`: to have no key for it is a
  // mistake.
  void DrawInto(int32_t round, const Round* drawn, bool must_draw, std::vector<Block>* blocks,
                Diagnostics* diagnostics) const;

  // What is tried in that round with these keys, from what was tried before (Trial::number counts).
  std::vector<Point> Propose(const Leaves& leaves, int32_t round, History history) const;

  // The points of a block of DrawInto.
  std::vector<Point> PointsOf(int32_t round, const Round* drawn, size_t block, const Leaves& leaves) const;

 private:
  // Whether the search knows what to do with the keys that are drawn.
  bool CheckSearched(const Leaves& leaves, Diagnostics* diagnostics) const;
  void DrawRound(int32_t round, const Round* drawn, std::vector<Block>* blocks,
                 Diagnostics* diagnostics) const;

  Sample sample_;
  Resources resources_;
  bool draws_ = false;                           // some key has a distribution
  std::shared_ptr<const Distribution> largest_;  // the widest range in which the largest is looked for
};

}  // namespace optfleet::sweeps
