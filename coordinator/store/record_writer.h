// Rows of metrics.db, inside the caller's transaction. Statements are prepared once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/domain/job.h"
#include "coordinator/store/metrics_store.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

class RecordWriter {
 public:
  static Result<RecordWriter> Prepare(Connection* connection);

  // Of several points with one key the last counts.
  Status Insert(int64_t attempt, int64_t number, const MetricRecord& record,
                const std::vector<std::string>& keys);
  Status SetHeld(int64_t attempt, int64_t held_record, int64_t step, const domain::Figures& latest);
  // Writes anew which attempts make up the series of the job.
  Status UpdateSegments(const std::string& job);
  // To be called after a transaction that was rolled back: keys that it made are gone.
  void ForgetKeys() { key_ids_.clear(); }
  // Removes an attempt with its records.
  Status Drop(int64_t attempt);
  // Removes the attempts of the job with higher numbers.
  Status DropNewer(const std::string& job, int32_t number);

 private:
  // Places in the list of statements, in the source.
  enum Which {
    kInsertRecord,
    kInsertPoint,
    kInsertKey,
    kSetHeld,
    kSelectLinks,
    kClearSegments,
    kInsertSegment,
    kDropRecords,
    kDropPoints,
    kDropAttempt,
    kSelectNewer,
  };
  explicit RecordWriter(std::vector<Statement> statements);
  Statement& Get(Which which) { return statements_[which]; }
  Result<int64_t> KeyId(const std::string& key);

  std::vector<Statement> statements_;
  // Ids of keys, as far as this object has met them.
  std::map<std::string, int64_t> key_ids_;
};

}  // namespace optfleet::store
