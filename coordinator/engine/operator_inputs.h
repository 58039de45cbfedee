// What people and their programs ask of the engine, as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/names.h"
#include "coordinator/domain/attempt.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/sweep.h"
#include "coordinator/domain/worker.h"
#include "coordinator/engine/records_held.h"
#include "coordinator/engine/sweep_inputs.h"

namespace optfleet::engine {

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

// Cancels jobs of one sweep, all or none. Answered with SweepAnswer; NOT_FOUND for the sweep or a number.
struct CancelJobs {
  std::string request_id;
  std::string sweep_id;
  std::vector<int32_t> jobs;
  std::string reason;
};

// Answered with SweepAnswer; NOT_FOUND, INVALID_ARGUMENT.
struct UpdateSweep {
  std::string request_id;
  std::string sweep_id;
  std::optional<int32_t> priority;
  std::optional<int32_t> max_running;       // 0: no limit
  std::optional<double> device_hours = {};  // of its guard; 0: no limit
  bool no_guard = false;                    // before that
};

// Nothing of the sweep starts until it is resumed. Answered with SweepAnswer; NOT_FOUND, FAILED_PRECONDITION
// if it has ended.
struct PauseSweep {
  std::string request_id;
  std::string sweep_id;
  domain::Pause pause = domain::Pause::kStopRunning;  // kNo: resume
  std::string reason;
};

// An ended job with all its attempts, as the store has it.
struct EndedJob {
  domain::Job job;
  std::vector<domain::Attempt> attempts;
  std::map<AttemptName, RecordsHeld> held;
};

// Queues ended jobs again, all or none. Answered with SweepAnswer, whose jobs are those; NOT_FOUND, ABORTED
// if the sweep is no longer at `revision` (the jobs were read before: read them again), FAILED_PRECONDITION
// for a job that succeeded or is the best so far, or one of the best whose checkpoints are kept.
struct RetryJobs {
  std::string request_id;
  std::string content_hash;  // of what was asked, since which jobs that means changes with it
  std::string sweep_id;
  int32_t revision = 0;
  std::vector<EndedJob> jobs;
  std::vector<int32_t> not_ended;  // asked for by number, and not to be tried again
  std::string reason;
};

// A worker takes nothing new until it is undrained. Answered with WorkerAnswer; NOT_FOUND.
struct DrainWorker {
  std::string request_id;
  std::string worker_id;
  domain::Pause drain = domain::Pause::kStopRunning;  // kNo: undrain, and forgive its failures
  std::string reason;
};

// A pinned checkpoint is not deleted, whatever its sweep's policy says. Answered with CheckpointAnswer;
// NOT_FOUND if no worker has it, FAILED_PRECONDITION if its worker was told already to delete it.
struct PinCheckpoint {
  std::string request_id;
  CheckpointName checkpoint;
  bool pin = true;  // false: unpin
  std::string reason;
};

// Why an open job is not running. Changes nothing. Answered with ExplainAnswer; NOT_FOUND if the job has
// ended or never was.
struct ExplainJob {
  JobName job;
};

}  // namespace optfleet::engine
