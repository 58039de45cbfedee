// Reads of metrics.db: the series of a job, thinned on the way.
#pragma once

#include <vector>

#include "coordinator/store/read_store.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// Points of one key into buckets of equally many points, in one pass and with memory for the buckets only.
class Buckets {
 public:
  // `points` are to come; at most `buckets` buckets, 0 for one per point.
  Buckets(std::string key, int64_t points, int32_t buckets);
  void Add(int64_t step, double value, Time time, int32_t attempt);
  int64_t size() const { return static_cast<int64_t>(column_.steps.size()); }  // buckets so far
  SeriesColumn Take() { return std::move(column_); }

 private:
  int64_t per_bucket_;
  int64_t added_ = 0;
  SeriesColumn column_;
};

// As ReadStore::QuerySeries. `connection` has metrics.db attached as `metrics`.
Result<std::vector<SeriesColumn>> ReadSeries(Connection* connection, const SeriesQuery& query);

}  // namespace optfleet::store
