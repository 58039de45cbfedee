// The state table of docs/run-directory.md: what a worker concludes from what lies in a run directory. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/failure_cause.h"
#include "common/rundir/documents.h"

namespace optfleet::worker {

// One run directory as a scan found it. The locks were read before the files, shim.lock first.
struct DirectoryFacts {
  std::string folder;  // absolute path
  rundir::JobDocument job;
  bool other_boot = false;  // the machine was started again since the folder was made
  bool shim_held = false;
  bool trainer_held = false;
  std::optional<rundir::StartedDocument> started;
  std::optional<rundir::ResultDocument> result;
  std::optional<rundir::ExitDocument> exit;
  int64_t last_record = 0;      // whole records in metrics.log
  int64_t log_bytes = 0;        // size of metrics.log
  std::string log_damage;       // empty if the log is sound
  int64_t checkpoint_step = 0;  // newest complete checkpoint
  int64_t checkpoint_record = 0;
  // Only when no process is left.
  std::string output_tail;  // of trainer.log
  int64_t output_skipped_bytes = 0;
};
using DirectoryFactsPtr = std::shared_ptr<const DirectoryFacts>;

enum class DirectoryState { kPrepared, kStarting, kRunning, kEnded };

struct Conclusion {
  DirectoryState state = DirectoryState::kPrepared;
  // The rest only when ended.
  Outcome outcome = Outcome::kFailed;
  std::string reason;
  bool retryable = false;
  FailureCause cause = FailureCause::kUnknown;  // of a failed one
  bool by_result = false;                       // the trainer itself said so in result.json
};

Conclusion Conclude(const DirectoryFacts& facts);

}  // namespace optfleet::worker
