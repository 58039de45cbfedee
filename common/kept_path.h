// Names on disk of run directories and of checkpoints that outlived theirs:
// ROOT/kept/sweeps-lr-jobs-17-attempts-2.1/step-000000000100 (docs/run-directory.md). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/names.h"

namespace optfleet {

struct RunDirectoryName {
  AttemptName attempt;
  int64_t incarnation = 0;
  friend auto operator<=>(const RunDirectoryName&, const RunDirectoryName&) = default;
};

std::string ToFolder(const RunDirectoryName& name);  // "sweeps-lr-jobs-17-attempts-2.1"
std::optional<RunDirectoryName> ParseRunDirectory(std::string_view folder);  // accepts exactly those
std::string CheckpointFolder(int64_t step);                                  // "step-000000000100"
std::optional<int64_t> ParseCheckpointFolder(std::string_view folder);

// What the path of each such checkpoint holds, whatever its root.
inline constexpr const char* kInKept = "kept/sweeps-";

// The checkpoints in a kept/ of whatever root that a text (a spec) names by a path, each once and in order.
// A path that gets there by a link is not recognized.
std::vector<CheckpointName> KeptCheckpointsIn(std::string_view text);

}  // namespace optfleet
