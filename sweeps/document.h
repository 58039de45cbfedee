// One sweep file, or one override, as typed leaves. Reading it finds every mistake that a single file can
// hold; those that need the values of several keys are left to sweeps/points.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "common/yaml.h"
#include "sweeps/guard_keys.h"
#include "sweeps/halving_keys.h"
#include "sweeps/keep.h"
#include "sweeps/leaves.h"
#include "sweeps/references.h"
#include "sweeps/resources.h"
#include "sweeps/sample.h"
#include "sweeps/search/objective.h"
#include "sweeps/stage_base.h"
#include "sweeps/stop_keys.h"

namespace optfleet::sweeps {

struct Block {
  Leaves leaves;
  SourcePosition position;
  std::vector<Leaves> exclusions = {};  // points that match one of them are left out (LeafReader)
  bool has_points = true;               // false of one that tries nothing in a round of a search
  int32_t slots = 1;                    // of each job
};

struct Replicates {
  int32_t count = 1;
  SourcePosition position;
};

struct Document;

// One part of a sweep that knows the outcome of earlier ones.
struct Stage {
  std::string name;
  SourcePosition position;
  std::optional<StageBase> base;  // nothing: it starts from the keys of the file
  std::shared_ptr<const Document>
      own;  // what it lays over that: keys, blocks, exclusions, replicates, sample
};

struct Document {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<Objective> objective;
  Resources resources;
  KeepCheckpoints keep;
  HalvingKeys halving;
  StopKeys stop;
  GuardKeys guard;
  std::optional<Replicates> replicates;
  Sample sample;
  std::optional<bool> keeps_equal_points;
  Leaves base;
  std::vector<Leaves> exclusions;            // of all blocks
  std::optional<std::vector<Block>> blocks;  // present if the file has a list `sweep:`
  std::optional<std::vector<Stage>> stages;  // present if it has a list `stages:`
  SourcePosition blocks_position;            // of `sweep`
};

// What reading a document needs and where it reports.
struct ReadContext {
  std::string folder;  // relative data paths start here; empty: they stay as written
  bool takes_blocks = true;
  References* references = nullptr;
  Diagnostics* diagnostics = nullptr;
};

// `root` is the whole file. Values that are not allowed are reported and left out.
Document ReadDocument(const YamlNode& root, const ReadContext& context);

}  // namespace optfleet::sweeps
