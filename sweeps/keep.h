// Which checkpoints outlive the jobs of a sweep, of those that its trainers keep (the spec's `checkpoint`):
// the header key `keep_checkpoints`. It says nothing about what is trained, so it is not part of a spec or
// its hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/diagnostics.h"
#include "common/yaml.h"

namespace optfleet::sweeps {

// As far as it was written; nothing written: all stay. Plain values.
struct KeepCheckpoints {
  std::optional<int32_t> best_jobs;  // only of so many ended jobs, the best by the objective
  std::optional<int32_t> best;       // of each of these so many with the least val_loss
  std::optional<int32_t> last;       // and so many with the highest step
};

// Names of header keys that ReadKeep takes; a dotted key ("keep_checkpoints.last") belongs to it, too.
bool IsKeepKey(std::string_view key);

// Adds one entry of the top level. What is not allowed is reported and left out.
void ReadKeep(const YamlEntry& entry, KeepCheckpoints* keep, Diagnostics* diagnostics);

// Replaces what `over` gives.
void MergeKeep(const KeepCheckpoints& over, KeepCheckpoints* base);

}  // namespace optfleet::sweeps
