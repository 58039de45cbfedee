// Files and overrides put together: what each stage of a sweep lays over what it starts from. A sweep without
// stages is one without a name. Plain values of one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "sweeps/document.h"
#include "sweeps/expand.h"
#include "sweeps/references.h"
#include "sweeps/stage_search.h"

namespace optfleet::sweeps {

// What is expanded at a time, in order: a stage, or one round of a stage that finds its points in rounds.
struct Part {
  size_t stage = 0;
  int32_t round = 0;  // from 0
};

class Composition {
 public:
  // Reads all texts of the input; mistakes are added to `diagnostics`.
  static Composition Of(const SweepInput& input, References* references, Diagnostics* diagnostics);

  const Document& header() const { return whole_; }  // name, description and so on
  bool usable() const { return usable_; }            // false if some text could not be read at all
  bool has_stages() const { return whole_.stages.has_value(); }
  // Whether a sweep without stages finds its points in rounds.
  bool in_rounds() const { return !has_stages() && searches_.front().in_rounds(); }

  // All parts of all stages; rounds follow each other. At least one.
  const std::vector<Part>& parts() const { return parts_; }
  const Stage& StageOf(size_t part) const { return stages_[parts_[part].stage]; }
  const StageSearch& SearchOf(size_t part) const { return searches_[parts_[part].stage]; }
  size_t FirstOf(size_t part) const {
    return part - static_cast<size_t>(parts_[part].round);
  }                                                             // of its stage
  std::vector<size_t> PartsOf(const std::string& stage) const;  // of one that is there
  std::string NameOf(size_t part) const;  // of its stage, or "round 3"; empty if there are neither

  // The blocks of a part, complete. With `bases` (exactly if the stage has a base) once for each of them: it
  // then stands in the place of the file's keys.
  std::vector<Block> BlocksOf(size_t part, const std::vector<Leaves>& bases, Diagnostics* diagnostics) const;
  // The points of a round after the first of its stage, by block; null for others, and for what has not
  // begun.
  const Round* DrawnOf(size_t part) const;

 private:
  void AddParts(Diagnostics* diagnostics);
  Sample SampleOf(const Stage& stage) const;
  Block Complete(const Stage& stage, const Leaves& base, const Block& block) const;

  Document whole_;
  std::vector<Stage> stages_;
  std::vector<StageSearch> searches_;  // of each stage
  std::vector<Part> parts_;
  Leaves overrides_;
  Sample override_sample_;  // over what a stage says itself, as all overrides
  std::optional<Replicates> override_replicates_;
  std::vector<Round> rounds_;  // of parts after the first
  bool draws_at_random_ = false;
  bool usable_ = true;
};

}  // namespace optfleet::sweeps
