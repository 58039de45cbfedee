// A checkpoint that outlived its job's run directory, and how many of them a sweep keeps.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "common/names.h"
#include "common/time.h"

namespace optfleet::domain {

// Which checkpoints outlive the jobs of a sweep, of those that its trainers keep. Nothing given: all.
struct KeepPolicy {
  std::optional<int32_t> best_jobs;  // only so many ended jobs, the best by the sweep's objective
  std::optional<int32_t> best;       // of each of these so many with the least val_loss
  std::optional<int32_t> last;       // and so many with the highest step
  bool limits() const { return best_jobs || best || last; }
  friend bool operator==(const KeepPolicy&, const KeepPolicy&) = default;
};

// One folder on the disk of one worker. The same name under two incarnations is possible after a backup was
// restored, on two workers after a root was copied.
struct KeptId {
  CheckpointName name;
  int64_t incarnation = 0;  // of the attempt's fence
  std::string worker;
  friend auto operator<=>(const KeptId&, const KeptId&) = default;
};

struct KeptCheckpoint {
  KeptId id;
  std::string path;                   // on its worker
  std::optional<double> val_loss;     // of its own step, if that was validated; finite
  int64_t bytes = 0;                  // of its files
  std::optional<Time> released_time;  // since then its worker is told to delete it
  friend bool operator==(const KeptCheckpoint&, const KeptCheckpoint&) = default;
};

}  // namespace optfleet::domain
