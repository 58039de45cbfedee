// Opening a database file at the schema this program knows.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "common/result.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// One kind of database file. Step i takes version i to version i + 1; the last version is the number of
// steps. A step that was released is never changed.
struct Schema {
  int32_t application_id = 0;  // in the file's header, so that a strange SQLite file is refused
  std::span<const char* const> steps;
  // Files above this size are not read through at each start (0: none is): damage then shows when it is met.
  int64_t checked_bytes = 0;
};

extern const Schema kStateSchema;
extern const Schema kMetricsSchema;

// For the one writer: WAL, synchronous=FULL, foreign keys. Creates a new file at the newest version; takes an
// older one there in one transaction, after a copy PATH.before-VERSION. Errors as StateStore::Open.
Result<Connection> OpenForWriting(const std::string& path, const Schema& schema, const std::string& vfs = {});

// Never changes the file and never checkpoints its WAL.
Result<Connection> OpenForReading(const std::string& path, const Schema& schema, const std::string& vfs = {});

}  // namespace optfleet::store
