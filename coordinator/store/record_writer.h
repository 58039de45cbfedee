// Rows of metrics.db, inside the caller's transaction. Statements are prepared once.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/domain/job.h"
#include "coordinator/store/metrics_columns.h"
#include "coordinator/store/metrics_store.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// Where record `number` of the attempt with this id lies.
inline int64_t RecordId(int64_t attempt, int64_t number) { return (attempt << 32) + number; }

class RecordWriter {
 public:
  static Result<RecordWriter> Prepare(Connection* connection);

  // Records `first` to `last` (numbers) of the batch. Of several points with one key of a record the last
  // counts.
  Status Insert(int64_t attempt, const RecordBatch& batch, int64_t first, int64_t last);
  Status SetHeld(int64_t attempt, int64_t held_record, int64_t step, const domain::Figures& latest);
  // Writes anew which attempts make up the series of the job.
  Status UpdateSegments(const std::string& job);
  // To be called after a transaction that was rolled back: keys that it made are gone.
  void ForgetKeys() { key_ids_.clear(); }
  // Removes an attempt with its records.
  Status Drop(int64_t attempt);
  // Removes the records with ids from `first` to `last`; how many there were.
  Result<int64_t> DropRange(int64_t first, int64_t last);
  Status SetThinned(int64_t attempt);
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
    kDropRecordRange,
    kDropPointRange,
    kCountChanges,
    kSetThinned,
    kSelectNewer,
  };
  // Where the points of a key go: a column, or (from kColumns.size() on) an id in other_points.
  struct Place {
    size_t column = kColumns.size();
    int64_t key_id = 0;
  };

  explicit RecordWriter(std::vector<Statement> statements);
  Statement& Get(Which which) { return statements_[which]; }
  Result<std::vector<Place>> PlacesOf(const RecordBatch& batch);
  Result<int64_t> KeyId(const std::string& key);
  Status InsertRow(int64_t id, int64_t step, int64_t time_us);

  std::vector<Statement> statements_;
  // Ids of keys, as far as this object has met them.
  std::map<std::string, int64_t> key_ids_;
  // The record being written, and the columns that its statement has bound from the one before.
  std::array<double, kColumns.size()> values_{};
  uint32_t present_ = 0;
  uint32_t bound_ = 0;
};

}  // namespace optfleet::store
