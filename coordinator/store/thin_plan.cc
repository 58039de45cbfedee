#include "coordinator/store/thin_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "coordinator/store/encode.h"
#include "coordinator/store/metrics_columns.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/record_writer.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {
namespace {

// The least and the largest finite value of one key within a stretch, and the records that have them.
class Extremes {
 public:
  void See(int64_t record, double value) {
    if (!std::isfinite(value)) return;
    if (value < least_) {
      least_ = value;
      least_record_ = record;
    }
    if (value > largest_) {
      largest_ = value;
      largest_record_ = record;
    }
  }
  // Hands the records over and begins anew.
  void Take(std::vector<int64_t>* records) {
    if (least_record_ != 0) records->push_back(least_record_);
    if (largest_record_ != 0) records->push_back(largest_record_);
    *this = Extremes();
  }

 private:
  double least_ = std::numeric_limits<double>::infinity();
  double largest_ = -std::numeric_limits<double>::infinity();
  int64_t least_record_ = 0;
  int64_t largest_record_ = 0;
};

// How many points each key of the attempt has: columns by their place, other keys behind them by their id.
struct Counts {
  int64_t records = 0;
  std::vector<int64_t> columns = std::vector<int64_t>(kColumns.size());
  std::map<int64_t, int64_t> others;

  int64_t keys() const {
    return std::count_if(columns.begin(), columns.end(), [](int64_t points) { return points > 0; }) +
           static_cast<int64_t>(others.size());
  }
};

std::string ColumnList(const std::string& before, const std::string& behind) {
  std::string text;
  for (const std::string_view column : kColumns) text += ", " + before + std::string(column) + behind;
  return text;
}

Result<Counts> Count(Connection* connection, int64_t first, int64_t last) {
  Counts counts;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection,
      "SELECT count(*)" + ColumnList("count(", ")") + " FROM metrics.records WHERE id BETWEEN ? AND ?",
      [&](const Statement& row) -> Status {
        counts.records = row.Int(0);
        for (size_t i = 0; i < kColumns.size(); ++i) counts.columns[i] = row.Int(static_cast<int>(i) + 1);
        return {};
      },
      first, last));
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, "SELECT key, count(*) FROM metrics.other_points WHERE record BETWEEN ? AND ? GROUP BY key",
      [&](const Statement& row) -> Status {
        counts.others[row.Int(0)] = row.Int(1);
        return {};
      },
      first, last));
  return counts;
}

// Collects what stays, record by record.
class Stretches {
 public:
  Stretches(const Counts& counts, int64_t most)
      : counts_(counts),
        stretches_(std::max<int64_t>(1, most / (2 * counts.keys() + 1))),
        per_stretch_((counts.records + stretches_ - 1) / stretches_),
        columns_(kColumns.size()) {}

  // In ascending order.
  void BeginRecord(int64_t record) {
    if (in_stretch_ == per_stretch_) EndStretch();
    ++in_stretch_;
    record_ = record;
  }
  void Column(size_t column, double value) { See(&columns_[column], counts_.columns[column], value); }
  void Other(int64_t key, double value) { See(&others_[key], counts_.others.at(key), value); }

  std::vector<int64_t> Take() {
    EndStretch();
    std::sort(keep_.begin(), keep_.end());
    keep_.erase(std::unique(keep_.begin(), keep_.end()), keep_.end());
    return std::move(keep_);
  }

 private:
  void See(Extremes* extremes, int64_t points, double value) {
    if (points <= 2 * stretches_) {
      keep_.push_back(record_);
    } else {
      extremes->See(record_, value);
    }
  }
  void EndStretch() {
    if (in_stretch_ == 0) return;
    keep_.push_back(record_);
    for (Extremes& one : columns_) one.Take(&keep_);
    for (auto& [key, one] : others_) one.Take(&keep_);
    in_stretch_ = 0;
  }

  const Counts& counts_;
  const int64_t stretches_;
  const int64_t per_stretch_;
  int64_t in_stretch_ = 0;
  int64_t record_ = 0;
  std::vector<Extremes> columns_;
  std::map<int64_t, Extremes> others_;
  std::vector<int64_t> keep_;
};

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The points of other keys of one record; `next` is where the last call stopped.
struct OtherPoint {
  int64_t record = 0;
  int64_t key = 0;
  double value = 0;
};

Result<std::vector<OtherPoint>> ReadOthers(Connection* connection, int64_t first, int64_t last) {
  std::vector<OtherPoint> points;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection,
      "SELECT record, key, value FROM metrics.other_points WHERE record BETWEEN ? AND ? ORDER BY record, key",
      [&](const Statement& row) -> Status {
        points.push_back({row.Int(0), row.Int(1), row.IsNull(2) ? kNan : row.Real(2)});
        return {};
      },
      first, last));
  return points;
}

// Records are read in pieces, so that their other points need memory for a piece only.
constexpr int64_t kPiece = 1024;

Status ReadPiece(Connection* connection, int64_t first, int64_t last, Stretches* stretches) {
  const auto others = ReadOthers(connection, first, last);
  if (!others.has_value()) return Fail(others.error());
  size_t other = 0;
  return ForEachRow(
      connection,
      "SELECT id" + ColumnList("", "") + " FROM metrics.records WHERE id BETWEEN ? AND ? ORDER BY id",
      [&](const Statement& row) -> Status {
        const int64_t record = row.Int(0);
        stretches->BeginRecord(record);
        for (size_t i = 0; i < kColumns.size(); ++i) {
          const int at = static_cast<int>(i) + 1;
          if (!row.IsNull(at)) stretches->Column(i, row.Real(at));
        }
        for (; other < others->size() && (*others)[other].record <= record; ++other)
          stretches->Other((*others)[other].key, (*others)[other].value);
        return {};
      },
      first, last);
}

}  // namespace

Result<std::vector<AttemptName>> ReadAttemptsToThin(Connection* connection, Time before, int32_t limit) {
  std::vector<AttemptName> names;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection,
      "SELECT a.sweep, a.job, a.number FROM sweeps CROSS JOIN attempts AS a ON a.sweep = sweeps.id CROSS "
      "JOIN "
      "metrics.attempts AS m ON m.job = 'sweeps/' || a.sweep || '/jobs/' || a.job AND m.number = a.number "
      "WHERE "
      "sweeps.end_time < ? AND a.state = 'ended' AND m.thinned = 0 AND m.held_record > 0 LIMIT ?",
      [&](const Statement& row) -> Status {
        names.push_back({{row.Text(0), static_cast<int32_t>(row.Int(1))}, static_cast<int32_t>(row.Int(2))});
        return {};
      },
      UnixMicros(before), limit));
  return names;
}

Result<ThinPlan> PlanThinning(Connection* connection, const AttemptName& attempt, int64_t most) {
  ThinPlan plan;
  plan.attempt = attempt;
  int64_t held = 0;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, "SELECT id, incarnation, held_record FROM metrics.attempts WHERE job = ? AND number = ?",
      [&](const Statement& row) -> Status {
        plan.id = row.Int(0);
        plan.incarnation = row.Int(1);
        held = row.Int(2);
        return {};
      },
      ToResource(attempt.job), attempt.attempt));
  if (held == 0) return Fail(Code::kNotFound, ToResource(attempt) + " has no records");
  plan.first = RecordId(plan.id, 1);
  const int64_t last = RecordId(plan.id, held);
  const auto counts = Count(connection, plan.first, last);
  if (!counts.has_value()) return Fail(counts.error());
  Stretches stretches(*counts, counts->records <= most ? std::numeric_limits<int64_t>::max() / 4 : most);
  for (int64_t first = plan.first; first <= last; first += kPiece)
    OPTFLEET_RETURN_IF_ERROR(ReadPiece(connection, first, std::min(first + kPiece - 1, last), &stretches));
  plan.keep = stretches.Take();
  return plan;
}

}  // namespace optfleet::store
