// Schema of metrics.db. Times are microseconds since 1970, UTC.
//
// One wide row per record, with a column for each key that Optfleet shows; other keys are rows of
// other_points. A wide row is 4 to 10 times cheaper a value than a row per value
// (docs/decisions/0021-metrics-as-wide-rows.md).
//
// SQLite keeps infinities but turns NaN into NULL, which here means "not recorded". So nan_keys names the
// columns whose NULL is a NaN:
// ',loss,grad_norm,'. In other_points a row that is there with a NULL value is a NaN.
#include <array>

#include "coordinator/store/metrics_columns.h"
#include "coordinator/store/schema.h"

namespace optfleet::store {
namespace {

constexpr const char* kVersion1 = R"sql(
CREATE TABLE attempts(
  id INTEGER PRIMARY KEY, job TEXT NOT NULL, number INTEGER NOT NULL, incarnation INTEGER NOT NULL,
  parent INTEGER NOT NULL, resume_record INTEGER NOT NULL, record_limit INTEGER NOT NULL,
  held_record INTEGER NOT NULL DEFAULT 0, step INTEGER NOT NULL DEFAULT 0, latest_json TEXT NOT NULL DEFAULT '{}',
  UNIQUE (job, number));

CREATE TABLE records(
  attempt INTEGER NOT NULL, number INTEGER NOT NULL, step INTEGER NOT NULL, time INTEGER NOT NULL, nan_keys TEXT,
  loss REAL, grad_norm REAL, learning_rate REAL, tokens REAL, step_seconds REAL, tokens_per_second REAL,
  memory_bytes REAL, val_loss REAL, val_perplexity REAL, val_bits_per_byte REAL, log_wait_seconds REAL,
  PRIMARY KEY (attempt, number)) WITHOUT ROWID;

CREATE TABLE keys(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE other_points(
  attempt INTEGER NOT NULL, number INTEGER NOT NULL, key INTEGER NOT NULL, value REAL,
  PRIMARY KEY (attempt, number, key)) WITHOUT ROWID;

-- Which records of which attempts make up the series of a job; last_record NULL: all. Kept up to date by the writer.
CREATE TABLE segments(
  job TEXT NOT NULL, number INTEGER NOT NULL, attempt INTEGER NOT NULL, last_record INTEGER,
  PRIMARY KEY (job, number)) WITHOUT ROWID;

-- SELECT step, loss FROM series WHERE job = 'sweeps/lr/jobs/17' ORDER BY step
CREATE VIEW series AS
  SELECT segments.job AS job, segments.number AS attempt, records.number AS record, step, time, loss, grad_norm,
    learning_rate, tokens, step_seconds, tokens_per_second, memory_bytes, val_loss, val_perplexity,
    val_bits_per_byte, log_wait_seconds, nan_keys
  FROM segments CROSS JOIN records ON records.attempt = segments.attempt
    AND records.number <= coalesce(segments.last_record, 9223372036854775807);

CREATE VIEW other_series AS
  SELECT series.job AS job, series.attempt AS attempt, series.record AS record, series.step AS step,
    series.time AS time, keys.name AS key, other_points.value AS value
  FROM series
  JOIN segments ON segments.job = series.job AND segments.number = series.attempt
  JOIN other_points ON other_points.attempt = segments.attempt AND other_points.number = series.record
  JOIN keys ON keys.id = other_points.key;
)sql";

constexpr std::array<const char*, 1> kSteps = {kVersion1};

}  // namespace

const Schema kMetricsSchema = {
    .application_id = 0x4F464D54, .steps = kSteps, .checked_bytes = int64_t{64} << 20};

std::optional<size_t> ColumnOf(std::string_view key) {
  for (size_t i = 0; i < kColumns.size(); ++i) {
    if (kColumns[i] == key) return i;
  }
  return std::nullopt;
}

}  // namespace optfleet::store
