// How an attempt ended. The numbers are those of optfleet.v1.Outcome (a test in coordinator/rpc holds the two
// together); the names are those of result.json, SQL and the command line.
#pragma once

#include <optional>
#include <string_view>

namespace optfleet {

enum class Outcome {
  kSucceeded = 1,
  kFailed = 2,
  kOutOfMemory = 3,
  kDiverged = 4,
  kStoppedEarly = 5,
  kCancelled = 6,
  kPreempted = 7,
  kLost = 8,
};

// "succeeded", "failed", "out_of_memory", "diverged", "stopped_early", "cancelled", "preempted", "lost".
std::string_view OutcomeName(Outcome outcome);
std::optional<Outcome> OutcomeFromName(std::string_view name);

// Succeeded, out_of_memory, diverged and stopped_early are results with figures: the job is done and is not
// tried again.
bool IsResult(Outcome outcome);

}  // namespace optfleet
