// `opt-trainer attempt DIR`: one attempt through its run directory, from job.json to result.json.
#pragma once

#include <functional>
#include <string>

#include "trainer_core/metrics/recorder.h"

namespace optfleet::trainer {

struct AttemptOptions {
  std::string folder;
  int lock_descriptor = -1;  // trainer.lock as the shim hands it over; -1: taken here
  std::function<void(int64_t step, const Points& points)> on_record;  // may be empty
};

// The process's exit code: 0 with a result.json, else what was wrong stands on standard error.
int RunAttempt(const AttemptOptions& options);

// 2 what the caller asked for cannot be done as it is, 3 another version of the run directory, 1 everything
// else.
int ExitCodeOf(const Error& error);

}  // namespace optfleet::trainer
