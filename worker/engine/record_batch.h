// Records of one attempt on their way to the coordinator.
#pragma once

#include <string>
#include <vector>

#include "common/rundir/metrics_log.h"

namespace optfleet::worker {

struct RecordBatch {
  std::vector<std::string> keys;  // by key id
  std::vector<rundir::Record> records;
};

}  // namespace optfleet::worker
