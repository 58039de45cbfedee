// Schema of metrics.db. Times are microseconds since 1970, UTC.
//
// One wide row per record, with a column for each key that Optfleet's trainer records at every step or shows;
// other keys are rows of other_points. Why: docs/decisions/0024-records-under-one-integer.md.
//
// A record's key is one integer, attempts.id * 2^32 + its number, so the records of an attempt lie together
// and SQLite finds and adds them by comparing integers.
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

// data_wait_seconds, which every step of the trainer records, gets a column.
constexpr const char* kVersion2 = R"sql(
DROP VIEW other_series;
DROP VIEW series;
ALTER TABLE records RENAME TO old_records;
ALTER TABLE other_points RENAME TO old_points;

CREATE TABLE records(
  id INTEGER PRIMARY KEY, step INTEGER NOT NULL, time INTEGER NOT NULL, nan_keys TEXT,
  loss REAL, grad_norm REAL, learning_rate REAL, tokens REAL, step_seconds REAL, tokens_per_second REAL,
  memory_bytes REAL, val_loss REAL, val_perplexity REAL, val_bits_per_byte REAL, log_wait_seconds REAL,
  data_wait_seconds REAL);
INSERT INTO records
  SELECT (old_records.attempt << 32) + old_records.number, step, time,
    CASE WHEN waits.key IS NOT NULL AND waits.value IS NULL THEN coalesce(nan_keys, ',') || 'data_wait_seconds,'
      ELSE nan_keys END,
    loss, grad_norm, learning_rate, tokens, step_seconds, tokens_per_second, memory_bytes, val_loss,
    val_perplexity, val_bits_per_byte, log_wait_seconds, waits.value
  FROM old_records LEFT JOIN old_points AS waits ON waits.attempt = old_records.attempt
    AND waits.number = old_records.number AND waits.key = (SELECT id FROM keys WHERE name = 'data_wait_seconds')
  ORDER BY old_records.attempt, old_records.number;
DROP TABLE old_records;

CREATE TABLE other_points(
  record INTEGER NOT NULL, key INTEGER NOT NULL, value REAL, PRIMARY KEY (record, key)) WITHOUT ROWID;
INSERT INTO other_points
  SELECT (attempt << 32) + number, key, value FROM old_points
  WHERE key NOT IN (SELECT id FROM keys WHERE name = 'data_wait_seconds') ORDER BY attempt, number, key;
DROP TABLE old_points;
DELETE FROM keys WHERE name = 'data_wait_seconds';

-- 1: its records were thinned, long after its sweep had ended.
ALTER TABLE attempts ADD COLUMN thinned INTEGER NOT NULL DEFAULT 0;

-- SELECT step, loss FROM series WHERE job = 'sweeps/lr/jobs/17' ORDER BY step
CREATE VIEW series AS
  SELECT segments.job AS job, segments.number AS attempt, records.id & 4294967295 AS record, step, time, loss,
    grad_norm, learning_rate, tokens, step_seconds, tokens_per_second, memory_bytes, val_loss, val_perplexity,
    val_bits_per_byte, log_wait_seconds, data_wait_seconds, nan_keys, records.id AS id
  FROM segments CROSS JOIN records ON records.id BETWEEN (segments.attempt << 32)
    AND (segments.attempt << 32) + coalesce(segments.last_record, 4294967295);

CREATE VIEW other_series AS
  SELECT series.job AS job, series.attempt AS attempt, series.record AS record, series.step AS step,
    series.time AS time, keys.name AS key, other_points.value AS value, series.id AS id
  FROM series
  JOIN other_points ON other_points.record = series.id
  JOIN keys ON keys.id = other_points.key;
)sql";

constexpr std::array<const char*, 2> kSteps = {kVersion1, kVersion2};

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
