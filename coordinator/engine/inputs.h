// Everything that can happen to the engine, as plain values: what workers say and what time brings stands
// here, what people ask in operator_inputs.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/failure_cause.h"
#include "common/fence.h"
#include "common/names.h"
#include "common/outcome.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"
#include "coordinator/engine/operator_inputs.h"

namespace optfleet::engine {

// One attempt as its worker sees it (optfleet.v1.AttemptStatus).
struct AttemptStatus {
  enum class State { kStarting = 1, kRunning = 2, kEnded = 3 };
  AttemptName attempt;
  Fence fence;
  State state = State::kStarting;
  std::vector<int32_t> slots;
  int32_t share = domain::kWholeSlot;  // of each
  int64_t memory_bytes = 0;            // of each
  int64_t last_record = 0;
  int64_t checkpoint_step = 0;
  int64_t checkpoint_record = 0;
  int64_t trainer_pid = 0;
  // The next six only with kEnded; an outcome that is missing there is read as failed.
  std::optional<Outcome> outcome;
  std::string reason;
  domain::Figures final;
  bool retryable = false;
  FailureCause cause = FailureCause::kUnknown;
  std::string numerics_json;
  std::string log_tail;  // sent again with every status of an ended attempt; kept once
  int64_t log_skipped_bytes = 0;
  std::string run_directory;
  bool resumed = false;  // from the checkpoint of the attempt it was told to resume from
  int64_t resume_step = 0;
  int64_t resume_record = 0;
};

// A checkpoint in kept/ of its root (optfleet.v1.KeptCheckpoint).
struct KeptStatus {
  AttemptName attempt;
  Fence fence;
  int64_t step = 0;
  std::optional<double> val_loss;
  int64_t bytes = 0;
};

// A worker's whole state. Answered with SynchronizeAnswer; FAILED_PRECONDITION for an older process of a
// worker whose newer process was heard.
struct Synchronize {
  std::string worker_id;
  int64_t session = 0;
  int64_t sequence = 0;
  std::string version;
  std::string host;
  std::vector<domain::Slot> slots;
  std::vector<std::string> labels;  // sorted
  int64_t host_memory_bytes = 0;    // 0: not known
  std::vector<AttemptStatus> attempts;
  bool draining = false;
  bool leaving = false;
  std::string kept_digest;                      // of what lies in kept/; empty: it has not looked yet
  std::string kept_folder;                      // absolute; with `kept`
  std::optional<std::vector<KeptStatus>> kept;  // only when it was asked for
};

// Time has passed: leases, silent workers, back-offs. Not answered.
struct Tick {};

using Input =
    std::variant<CreateSweep, BeginSweep, AddPoints, FinishSweep, AbandonSweep, CancelSweep, CancelJob,
                 CancelJobs, UpdateSweep, PauseSweep, RetryJobs, ExtendSweep, BeginExtension, RefuseStage,
                 DrainWorker, PinCheckpoint, ExplainJob, Synchronize, RecordsHeld, Tick>;

}  // namespace optfleet::engine
