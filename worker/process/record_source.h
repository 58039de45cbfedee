// Records to send, read from the metrics logs: the logs are the only store. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "worker/engine/record_batch.h"

namespace optfleet::worker {

class RecordSource {
 public:
  // Whole records behind number `after`, at most 4096 records or about 1 MiB. A call that does not follow the
  // one before reads the log again from its start. DATA_LOSS and OUT_OF_RANGE as rundir::LogReader.
  Result<RecordBatch> Read(const std::string& folder, int64_t after);
  // Closes the log of a folder.
  void Close(const std::string& folder) { logs_.erase(folder); }

 private:
  std::map<std::string, std::unique_ptr<rundir::LogReader>> logs_;
};

}  // namespace optfleet::worker
