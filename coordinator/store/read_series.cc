#include "coordinator/store/read_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "coordinator/store/metrics_columns.h"
#include "coordinator/store/read_rows.h"

namespace optfleet::store {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The rows of the query that hold a point of `key`, for "SELECT ... FROM <this>"; the value is column `v`.
// Parameters: job, first step, key.
std::string PointsOf(const std::string& key) {
  if (ColumnOf(key)) {
    return "(SELECT attempt, id, step, time, " + key +
           " AS v FROM metrics.series WHERE job = ?1 AND step >= ?2 AND (" + key +
           " IS NOT NULL OR instr(nan_keys, ',' || ?3 || ',') > 0))";
  }
  return "(SELECT attempt, id, step, time, value AS v FROM metrics.other_series WHERE job = ?1 AND step "
         ">= ?2 AND key = ?3)";
}

Result<int64_t> CountPoints(Connection* connection, const SeriesQuery& query, const std::string& key) {
  int64_t count = 0;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, "SELECT count(*) FROM " + PointsOf(key),
      [&](const Statement& row) -> Status {
        count = row.Int(0);
        return {};
      },
      ToResource(query.job), query.first_step, key));
  return count;
}

Result<SeriesColumn> ReadColumn(Connection* connection, const SeriesQuery& query, const std::string& key) {
  const auto count = CountPoints(connection, query, key);
  if (!count.has_value()) return Fail(count.error());
  Buckets buckets(key, *count, query.buckets);
  if (*count == 0) return buckets.Take();
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, "SELECT step, v, time, attempt FROM " + PointsOf(key) + " ORDER BY attempt, id",
      [&](const Statement& row) -> Status {
        const double value = row.IsNull(1) ? kNan : row.Real(1);
        buckets.Add(row.Int(0), value, TimeFromUnixMicros(row.Int(2)), static_cast<int32_t>(row.Int(3)));
        return {};
      },
      ToResource(query.job), query.first_step, key));
  return buckets.Take();
}

// Every key that may have points in this job, by name.
Result<std::vector<std::string>> AllKeys(Connection* connection, const JobName& job) {
  std::vector<std::string> keys(kColumns.begin(), kColumns.end());
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, "SELECT DISTINCT key FROM metrics.other_series WHERE job = ?",
      [&](const Statement& row) -> Status {
        keys.push_back(row.Text(0));
        return {};
      },
      ToResource(job)));
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

Buckets::Buckets(std::string key, int64_t points, int32_t buckets)
    : per_bucket_(buckets == 0 ? 1 : std::max<int64_t>(1, (points + buckets - 1) / buckets)) {
  column_.key = std::move(key);
}

void Buckets::Add(int64_t step, double value, Time time, int32_t attempt) {
  if (added_++ % per_bucket_ == 0) {
    column_.steps.emplace_back();
    column_.last.emplace_back();
    column_.min.push_back(kNan);
    column_.max.push_back(kNan);
    column_.times.emplace_back();
    column_.attempts.emplace_back();
  }
  column_.steps.back() = step;
  column_.last.back() = value;
  column_.times.back() = time;
  column_.attempts.back() = attempt;
  if (!std::isfinite(value)) return;
  // fmin and fmax take the other value where one is a NaN.
  column_.min.back() = std::fmin(column_.min.back(), value);
  column_.max.back() = std::fmax(column_.max.back(), value);
}

Result<std::vector<SeriesColumn>> ReadSeries(Connection* connection, const SeriesQuery& query) {
  std::vector<std::string> keys = query.keys;
  if (keys.empty()) {
    auto all = AllKeys(connection, query.job);
    if (!all.has_value()) return Fail(all.error());
    keys = std::move(*all);
  }
  std::vector<SeriesColumn> columns;
  for (const std::string& key : keys) {
    auto column = ReadColumn(connection, query, key);
    if (!column.has_value()) return Fail(column.error());
    if (!column->steps.empty()) columns.push_back(std::move(*column));
  }
  return columns;
}

}  // namespace optfleet::store
