// Records on their way to the coordinator.
#pragma once

#include <string>
#include <vector>

#include "common/rundir/metrics_log.h"
#include "worker/engine/messages.h"

namespace optfleet::worker {

// Of one attempt.
struct RecordBatch {
  std::vector<std::string> keys;  // by key id
  std::vector<rundir::Record> records;
};

struct AttemptBatch {
  AttemptKey key;
  RecordBatch batch;
};

}  // namespace optfleet::worker
