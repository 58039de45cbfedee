// Files and overrides put together: what each stage of a sweep lays over what it starts from. A sweep without
// stages is one without a name. Plain values of one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "sweeps/document.h"
#include "sweeps/expand.h"
#include "sweeps/references.h"

namespace optfleet::sweeps {

class Composition {
 public:
  // Reads all texts of the input; mistakes are added to `diagnostics`.
  static Composition Of(const SweepInput& input, References* references, Diagnostics* diagnostics);

  const Document& header() const { return whole_; }  // name, description and so on
  bool usable() const { return usable_; }            // false if some text could not be read at all
  bool has_stages() const { return whole_.stages.has_value(); }
  // Whether points are drawn in rounds, each of which is a stage without a base then.
  bool in_rounds() const { return !has_stages() && (whole_.sample.is_tpe() || largest_ != nullptr); }
  bool looks_for_largest() const { return largest_ != nullptr; }
  // Points of a round, from 0, for each block; of a search for the largest at most.
  int32_t PointsInRound(size_t round) const;
  const std::vector<Stage>& stages() const { return stages_; }
  size_t IndexOf(const std::string& stage) const;  // of one that is there

  // The blocks of a stage, complete. With `bases` (exactly if the stage has a base) once for each of them: it
  // then stands in the place of the file's keys.
  std::vector<Block> BlocksOf(size_t stage, const std::vector<Leaves>& bases, Diagnostics* diagnostics) const;

  // Of one that is in rounds: the points of a round that has begun, of a block with these keys.
  std::vector<Point> PointsOf(size_t round, size_t block, const Leaves& leaves) const;
  // What is tried next with these keys, from what was tried (Trial::number counts).
  std::vector<Point> Propose(const Leaves& leaves, size_t round, History history) const;

 private:
  int32_t CountRounds(Diagnostics* diagnostics) const;
  void CheckSearched(const Leaves& leaves, Diagnostics* diagnostics) const;
  void DrawRound(size_t round, std::vector<Block>* blocks, Diagnostics* diagnostics) const;
  Block Complete(const Stage& stage, const Leaves& base, const Block& block) const;

  Document whole_;
  std::vector<Stage> stages_;
  Leaves overrides_;
  std::vector<Round> rounds_;                    // after the first
  std::shared_ptr<const Distribution> largest_;  // the widest range in which the largest is looked for
  bool usable_ = true;
};

}  // namespace optfleet::sweeps
