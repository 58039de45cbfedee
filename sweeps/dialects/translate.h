// Sweep files of another study, in our words: `optctl plan FILE --dialect olmo`. The result is one file of
// ours with a block for each point, so that everything behind it is as for any other sweep. Pure.
//
// Order of composition, as that study's launcher has it: configurations left to right, maps merged; over that
// each point of the sweep file (sweeps/dialects/override_grid.h) as overrides; then references.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "sweeps/expand.h"

namespace optfleet::sweeps {

inline constexpr std::string_view kOlmo = "olmo";
inline constexpr int64_t kMostTranslatedPoints = 10'000;

struct Translation {
  SweepInput input;                   // one file of ours, and the overrides that are in our keys
  std::vector<SourcePosition> lines;  // of its lines: what each was made from
  std::vector<size_t> overrides;      // of its overrides: which of those given it is
  // "optimizer.learning_rate=0.0001" and so on, as that study's launcher passes them: axes first.
  std::vector<std::vector<std::string>> points;
  size_t given_files = 0;
  Diagnostics diagnostics;  // of the files that were given; if any, the rest is empty
};

// From the dialect `kOlmo`. Overrides whose keys the dialect has belong to it, those of its lists are axes;
// the others are in our keys.
Translation TranslateOlmo(const SweepInput& given);

// Moves what the expansion says of the translated file to the places in the given ones.
void MoveBack(const Translation& translation, ExpandResult* expanded);

}  // namespace optfleet::sweeps
