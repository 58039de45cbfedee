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

// So many points are kept in memory to be counted and then put into buckets; more are read twice.
constexpr int64_t kMostInMemory = 1 << 20;

struct PointRow {
  int64_t step = 0;
  double value = 0;
  Time time;
  int32_t attempt = 0;
};

// At least as many as the series has records; costs nothing that grows with them.
Result<int64_t> BoundRecords(Connection* connection, const JobName& job) {
  int64_t bound = 0;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection,
      "SELECT coalesce(sum(min(attempts.held_record, coalesce(segments.last_record, attempts.held_record))), "
      "0) FROM "
      "metrics.segments JOIN metrics.attempts ON attempts.id = segments.attempt WHERE segments.job = ?",
      [&](const Statement& row) -> Status {
        bound = row.Int(0);
        return {};
      },
      ToResource(job)));
  return bound;
}

// A part of the series: records with ids from `first` to `last`.
struct Part {
  int32_t attempt = 0;
  int64_t first = 0;
  int64_t last = 0;
};

Result<std::vector<Part>> PartsOf(Connection* connection, const JobName& job) {
  std::vector<Part> parts;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection,
      "SELECT number, attempt << 32, coalesce(last_record, 4294967295) FROM metrics.segments WHERE job = ? "
      "ORDER BY "
      "number",
      [&](const Statement& row) -> Status {
        parts.push_back({static_cast<int32_t>(row.Int(0)), row.Int(1), row.Int(1) + row.Int(2)});
        return {};
      },
      ToResource(job)));
  return parts;
}

// Points of a key that has a column, part by part: much cheaper than through the view `series`, which says
// the same.
template <typename Visit>
Status ForEachInColumn(Connection* connection, const SeriesQuery& query, const std::string& key,
                       Visit&& visit) {
  const auto parts = PartsOf(connection, query.job);
  if (!parts.has_value()) return Fail(parts.error());
  const std::string sql =
      "SELECT step, " + key + ", time, nan_keys FROM metrics.records WHERE id BETWEEN ? AND ?";
  const std::string name = "," + key + ",";
  for (const Part& part : *parts) {
    OPTFLEET_RETURN_IF_ERROR(ForEachRow(
        connection, sql,
        [&](const Statement& row) -> Status {
          const bool missing = row.IsNull(1);
          if (missing && (row.IsNull(3) || row.Text(3).find(name) == std::string::npos)) return {};
          const int64_t step = row.Int(0);
          if (step < query.first_step) return {};
          return visit(
              PointRow{step, missing ? kNan : row.Real(1), TimeFromUnixMicros(row.Int(2)), part.attempt});
        },
        part.first, part.last));
  }
  return {};
}

// By attempt and number.
template <typename Visit>
Status ForEachPoint(Connection* connection, const SeriesQuery& query, const std::string& key, Visit&& visit) {
  if (ColumnOf(key)) return ForEachInColumn(connection, query, key, visit);
  return ForEachRow(
      connection,
      "SELECT step, value, time, attempt FROM metrics.other_series WHERE job = ?1 AND step >= ?2 AND key = "
      "?3 ORDER "
      "BY attempt, id",
      [&](const Statement& row) {
        return visit(PointRow{row.Int(0), row.IsNull(1) ? kNan : row.Real(1), TimeFromUnixMicros(row.Int(2)),
                              static_cast<int32_t>(row.Int(3))});
      },
      ToResource(query.job), query.first_step, key);
}

Result<int64_t> CountPoints(Connection* connection, const SeriesQuery& query, const std::string& key) {
  int64_t count = 0;
  OPTFLEET_RETURN_IF_ERROR(ForEachPoint(connection, query, key, [&](const PointRow&) -> Status {
    ++count;
    return {};
  }));
  return count;
}

// Adds each point as it comes; fails at the point that is one too many.
Result<SeriesColumn> ReadInto(Connection* connection, const SeriesQuery& query, const std::string& key,
                              Buckets buckets, int64_t most) {
  OPTFLEET_RETURN_IF_ERROR(ForEachPoint(connection, query, key, [&](const PointRow& point) -> Status {
    buckets.Add(point.step, point.value, point.time, point.attempt);
    if (buckets.size() > most) return Fail(Code::kOutOfRange, "too many points");
    return {};
  }));
  return buckets.Take();
}

// `bound`: no more points than that. `most`: points or buckets of the answer.
Result<SeriesColumn> ReadColumn(Connection* connection, const SeriesQuery& query, const std::string& key,
                                int64_t bound, int64_t most) {
  if (query.buckets == 0 || bound <= query.buckets)
    return ReadInto(connection, query, key, Buckets(key, bound, 0), most);
  if (bound > kMostInMemory) {
    const auto count = CountPoints(connection, query, key);
    if (!count.has_value()) return Fail(count.error());
    return ReadInto(connection, query, key, Buckets(key, *count, query.buckets), most);
  }
  std::vector<PointRow> points;
  OPTFLEET_RETURN_IF_ERROR(ForEachPoint(connection, query, key, [&](const PointRow& point) -> Status {
    points.push_back(point);
    return {};
  }));
  Buckets buckets(key, static_cast<int64_t>(points.size()), query.buckets);
  for (const PointRow& point : points) buckets.Add(point.step, point.value, point.time, point.attempt);
  if (buckets.size() > most) return Fail(Code::kOutOfRange, "too many buckets");
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
  const auto bound = BoundRecords(connection, query.job);
  if (!bound.has_value()) return Fail(bound.error());
  std::vector<SeriesColumn> columns;
  int64_t left = query.most_points;
  for (const std::string& key : keys) {
    auto column = ReadColumn(connection, query, key, *bound, left);
    if (!column.has_value()) return Fail(column.error());
    left -= static_cast<int64_t>(column->steps.size());
    if (!column->steps.empty()) columns.push_back(std::move(*column));
  }
  return columns;
}

}  // namespace optfleet::store
