// What jobs that succeeded leave to others: their outcomes, and how fast what they ran on is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/names.h"
#include "coordinator/domain/job.h"
#include "coordinator/domain/reuse.h"
#include "coordinator/domain/worker.h"

namespace optfleet::store {

// A job that ran and succeeded, for others to take its outcome over.
struct SucceededJob {
  JobName name;
  int64_t step = 0;
  domain::Figures final;
  domain::RunGround ground;
};

struct MeasuredDevice {
  domain::SlotKind kind = domain::SlotKind::kCpu;
  std::string model;
  int32_t threads = 0;  // 0: its trainer does not say
};

struct MeasuredJob {
  JobName name;
  std::string spec_json;
  MeasuredDevice device;
  int32_t slots = 1;
  int64_t steps = 0;
  std::optional<double> held_seconds;  // from given out to ended; nothing if it took several attempts
  domain::Figures final;
};

struct MeasuredLimits {
  int32_t jobs = 400;
  int32_t jobs_of_sweep = 100;
  int32_t sweeps = 50;  // the newest
};

}  // namespace optfleet::store
