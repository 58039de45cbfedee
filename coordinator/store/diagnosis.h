// Facts about a state folder for whoever looks after it. Read beside the coordinator, by connections of its
// own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/names.h"
#include "common/result.h"
#include "common/time.h"

namespace optfleet::store {

struct DiskFacts {
  std::string file_system;  // "ext4", or "type 0x1234"
  int64_t free_bytes = 0;   // for this user
  int64_t total_bytes = 0;
};
Result<DiskFacts> ReadDisk(const std::string& folder);

struct DatabaseSize {
  std::string name;
  int64_t bytes = 0;
  int64_t wal_bytes = 0;
};
std::vector<DatabaseSize> ReadSizes(const std::string& folder);

struct StuckAttempt {
  AttemptName attempt;
  std::string reason;  // one sentence
};
struct OpenAttempts {
  int64_t count = 0;
  std::vector<StuckAttempt> stuck;  // oldest first, at most 100
};
// Stuck is one that was given out longer than `patience` ago and has not begun, and one whose worker has been
// silent for as long. By the times in the rows, which lag a little (docs/decisions/0020): good enough to
// show, not to decide.
Result<OpenAttempts> ReadOpenAttempts(const std::string& folder, Time now, Duration patience);

}  // namespace optfleet::store
