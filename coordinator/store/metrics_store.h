// metrics.db: records, and the highest record held of each attempt in the same transaction. The writing side.
//
// Exactly once in the database, at least once on the wire: a record counts by (attempt, number); what is held
// already is dropped, what would leave a gap is not taken, and the answer says what is held.
//
// One object and one thread per database. Failed writes change nothing and may be tried again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/names.h"
#include "common/result.h"
#include "coordinator/domain/attempt.h"
#include "coordinator/engine/inputs.h"
#include "coordinator/store/state_store.h"
#include "coordinator/store/thin_plan.h"

namespace optfleet::store {

inline constexpr int kMetricsSchemaVersion = 2;

// Numbers of records end here: a record's place in the database is 32 bits of its attempt and 32 of its
// number.
inline constexpr int64_t kLastRecord = 0xffffffff;

struct MetricPoint {
  uint32_t key = 0;  // index into RecordBatch::keys
  double value = 0;
};

// Consecutive records of one attempt as columns, as they travel. Record i has number first_record + i and
// point_counts[i] points; the points of all records follow each other in key_index (into keys) and values.
// Key names match [a-z][a-z0-9_/.]{0,62}; the columns fit together and indices are in range (checked by the
// caller).
struct RecordBatch {
  AttemptName attempt;
  Fence fence;
  std::vector<std::string> keys;
  int64_t first_record = 1;
  std::vector<int64_t> steps;
  std::vector<int64_t> times_us;
  std::vector<uint32_t> point_counts;
  std::vector<uint32_t> key_index;
  std::vector<double> values;

  size_t size() const { return steps.size(); }
  void Add(int64_t step, Time time, std::span<const MetricPoint> points);
};

class MetricsStore {
 public:
  // Errors as StateStore::Open. The folder's lock is StateStore's: open that first.
  static Result<std::unique_ptr<MetricsStore>> Open(const StoreOptions& options);
  virtual ~MetricsStore() = default;

  // Makes attempts known, with their parents and limits; idempotent. Records of an attempt are taken only
  // afterwards.
  virtual Status Link(std::span<const domain::Attempt> attempts) = 0;

  // Drops the attempts that come after the newest one named of their job, or belong to a job not named.
  virtual Status DropNewer(const NewestAttempts& newest) = 0;

  // Objectives by sweep (engine::Engine::watched): from now on Append says what new records hold of them.
  virtual void Watch(std::map<std::string, std::string> objectives) = 0;

  // One transaction for all batches. Returns what is held of each batch's attempt after the commit, in the
  // order of the batches: one entry per attempt, to be told to the engine and to the worker. An attempt that
  // is not linked, has another fence or is above its limit: nothing is taken, what is held (0 if unknown) is
  // returned.
  virtual Result<std::vector<engine::RecordsHeld>> Append(std::span<const RecordBatch> batches) = 0;

  // What is held of these attempts; those without records are left out.
  virtual Result<std::map<AttemptName, engine::RecordsHeld>> Held(
      std::span<const domain::Attempt> attempts) = 0;

  struct Thinned {
    int64_t next = 0;  // id of a record: where to go on
    int64_t deleted = 0;
    bool done = false;
  };
  // Deletes what the plan lets go, from the record with id `next` on (0: the first): a few thousand records
  // in one transaction. Once done the attempt counts as thinned. An attempt that began anew meanwhile is left
  // alone.
  virtual Result<Thinned> Thin(const ThinPlan& plan, int64_t next) = 0;

  virtual int64_t wal_bytes() const = 0;
};

}  // namespace optfleet::store
