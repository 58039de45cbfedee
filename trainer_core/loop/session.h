// A training run in its run directory: the loop with records, validation, checkpoints, stops and its result.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/rundir/documents.h"
#include "spec/training_spec.h"
#include "trainer_core/control/control.h"
#include "trainer_core/memory/device_memory.h"
#include "trainer_core/metrics/recorder.h"

namespace optfleet::trainer {

struct SessionOptions {
  std::string folder;       // the run directory
  spec::TrainingSpec spec;  // resolved
  rundir::SlotGrant slot;
  std::optional<rundir::ResumePoint> resume;
  int64_t deadline_unix_ms = 0;  // 0: none; then it stops with a checkpoint, outcome stopped_early
  int64_t pause_step = 0;        // 0: none; else it stops behind it with a checkpoint, outcome preempted
  std::function<void(int64_t step, const Points& points)> on_record;  // after each record; may be empty
  // Time by which steps are measured, and with budget.seconds the run's end too; empty: the steady clock.
  std::function<std::chrono::steady_clock::time_point()> now = {};
};

// Trains to the end of the budget or to a stop, in a run with budget.seconds to the end of the step that uses
// them up (the time of validations and checkpoints does not count), and returns what result.json should say;
// all records are on disk by then. Out of memory and divergence are results. An error is what keeps a run
// from working at all: bad data, a damaged checkpoint, a broken disk. Blocks; the calling thread is the
// training thread. `memory` is that of the slot's device.
Result<rundir::ResultDocument> RunSession(const SessionOptions& options, const DeviceMemory& memory,
                                          Control* control);

}  // namespace optfleet::trainer
