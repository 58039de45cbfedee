// Everything that can happen to the engine, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/fence.h"
#include "common/names.h"
#include "common/outcome.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"

namespace optfleet::engine {

// One distinct point of an expanded sweep; its job gets the number of its place, from 1.
struct Point {
  std::string spec_json;  // canonical
  std::string spec_hash;
  std::vector<domain::Parameter> parameters;
  int64_t total_steps = 0;
};

// Answered with SweepAnswer. ALREADY_EXISTS if the id is taken (and the request id is new), INVALID_ARGUMENT
// for a bad id, no points, two points with one hash, or a request id that was used with other content.
struct CreateSweep {
  std::string request_id;  // empty: not idempotent
  std::string sweep_id;    // empty: made from the display name, with -2, -3 behind it if taken
  std::string display_name;
  domain::SweepSource source;
  std::vector<std::string> axes;
  std::string objective = "val_loss";
  int32_t merged_points = 0;
  int32_t priority = 0;
  std::vector<Point> points;
  bool validate_only = false;  // answer as the real call would, change nothing
};

// Answered with SweepAnswer; NOT_FOUND. Cancelling what has ended is no error.
struct CancelSweep {
  std::string request_id;
  std::string sweep_id;
  std::string reason;
};

// Answered with JobAnswer; NOT_FOUND.
struct CancelJob {
  std::string request_id;
  JobName job;
  std::string reason;
};

// One attempt as its worker sees it (optfleet.v1.AttemptStatus).
struct AttemptStatus {
  enum class State { kStarting = 1, kRunning = 2, kEnded = 3 };
  AttemptName attempt;
  Fence fence;
  State state = State::kStarting;
  std::vector<int32_t> slots;
  int64_t last_record = 0;
  int64_t checkpoint_step = 0;
  int64_t checkpoint_record = 0;
  int64_t trainer_pid = 0;
  // The next five only with kEnded; an outcome that is missing there is read as failed.
  std::optional<Outcome> outcome;
  std::string reason;
  domain::Figures final;
  bool retryable = false;
  std::string numerics_json;
  std::string log_tail;  // sent again with every status of an ended attempt; kept once
  int64_t log_skipped_bytes = 0;
  std::string run_directory;
  bool resumed = false;  // from the checkpoint of the attempt it was told to resume from
  int64_t resume_step = 0;
  int64_t resume_record = 0;
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
  std::vector<AttemptStatus> attempts;
  bool draining = false;
  bool leaving = false;
};

// The metrics store holds these records durably. Not answered.
struct RecordsHeld {
  AttemptName attempt;
  int64_t record = 0;  // highest, without gaps from 1
  int64_t step = 0;    // newest
};

// Time has passed: leases, silent workers, back-offs. Not answered.
struct Tick {};

using Input = std::variant<CreateSweep, CancelSweep, CancelJob, Synchronize, RecordsHeld, Tick>;

}  // namespace optfleet::engine
