#include "coordinator/store/record_writer.h"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "coordinator/domain/series.h"
#include "coordinator/store/encode.h"
#include "coordinator/store/metrics_columns.h"

namespace optfleet::store {
namespace {

constexpr int kFirstValue = 6;  // parameter of the first key column in kInsertRecord

constexpr const char* kSql[] = {
    "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT OR REPLACE INTO other_points VALUES (?, ?, ?, ?)",
    "INSERT INTO keys(name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
    "UPDATE attempts SET held_record = ?2, step = ?3, latest_json = ?4 WHERE id = ?1",
    "SELECT number, parent, resume_record, held_record, id FROM attempts WHERE job = ?",
    "DELETE FROM segments WHERE job = ?",
    "INSERT INTO segments VALUES (?, ?, ?, nullif(?, 9223372036854775807))",
    "DELETE FROM records WHERE attempt = ?",
    "DELETE FROM other_points WHERE attempt = ?",
    "DELETE FROM attempts WHERE id = ?",
    "SELECT id FROM attempts WHERE job = ? AND number > ?",
};

}  // namespace

RecordWriter::RecordWriter(std::vector<Statement> statements) : statements_(std::move(statements)) {}

Result<RecordWriter> RecordWriter::Prepare(Connection* connection) {
  std::vector<Statement> statements;
  for (const char* sql : kSql) {
    auto statement = connection->Prepare(sql);
    if (!statement.has_value()) return Fail(statement.error());
    statements.push_back(std::move(*statement));
  }
  return RecordWriter(std::move(statements));
}

Status RecordWriter::Insert(int64_t attempt, int64_t number, const MetricRecord& record,
                            const std::vector<std::string>& keys) {
  std::array<std::optional<double>, kColumns.size()> values;
  for (const MetricPoint& point : record.points) {
    const std::string& key = keys[static_cast<size_t>(point.key)];
    if (const auto column = ColumnOf(key)) {
      values[*column] = point.value;
      continue;
    }
    const auto id = KeyId(key);
    if (!id.has_value()) return Fail(id.error());
    OPTFLEET_RETURN_IF_ERROR(Get(kInsertPoint).Bind(attempt, number, *id, point.value).Run());
  }
  std::string nan_keys;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] && std::isnan(*values[i]))
      nan_keys += (nan_keys.empty() ? "," : "") + std::string(kColumns[i]) + ",";
  }
  Statement& insert = Get(kInsertRecord);
  insert.Bind(attempt, number, record.step, UnixMicros(record.time),
              nan_keys.empty() ? std::nullopt : std::optional(nan_keys));
  for (size_t i = 0; i < values.size(); ++i) insert.BindOne(kFirstValue + static_cast<int>(i), values[i]);
  return insert.Run();
}

Status RecordWriter::SetHeld(int64_t attempt, int64_t held_record, int64_t step,
                             const domain::Figures& latest) {
  return Get(kSetHeld).Bind(attempt, held_record, step, EncodeFigures(latest)).Run();
}

Status RecordWriter::UpdateSegments(const std::string& job) {
  std::vector<domain::SeriesLink> links;
  std::map<int32_t, int64_t> ids;
  Statement& select = Get(kSelectLinks);
  select.Bind(job);
  while (true) {
    const auto row = select.Step();
    if (!row.has_value()) return Fail(row.error());
    if (!*row) break;
    const auto number = static_cast<int32_t>(select.Int(0));
    ids[number] = select.Int(4);
    // What is held now does not bound a segment: it grows, the table stays.
    const int64_t held = select.Int(3) > 0 ? domain::kEveryRecord : 0;
    links.push_back({number, static_cast<int32_t>(select.Int(1)), select.Int(2), held});
  }
  select.Reset();
  OPTFLEET_RETURN_IF_ERROR(Get(kClearSegments).Bind(job).Run());
  for (const domain::Segment& segment : domain::SeriesOf(links)) {
    OPTFLEET_RETURN_IF_ERROR(
        Get(kInsertSegment).Bind(job, segment.attempt, ids[segment.attempt], segment.last_record).Run());
  }
  return {};
}

Status RecordWriter::Drop(int64_t attempt) {
  OPTFLEET_RETURN_IF_ERROR(Get(kDropRecords).Bind(attempt).Run());
  OPTFLEET_RETURN_IF_ERROR(Get(kDropPoints).Bind(attempt).Run());
  return Get(kDropAttempt).Bind(attempt).Run();
}

Status RecordWriter::DropNewer(const std::string& job, int32_t number) {
  std::vector<int64_t> ids;
  Statement& select = Get(kSelectNewer);
  select.Bind(job, number);
  while (true) {
    const auto row = select.Step();
    if (!row.has_value()) return Fail(row.error());
    if (!*row) break;
    ids.push_back(select.Int(0));
  }
  select.Reset();
  for (const int64_t id : ids) OPTFLEET_RETURN_IF_ERROR(Drop(id));
  return {};
}

Result<int64_t> RecordWriter::KeyId(const std::string& key) {
  if (auto known = key_ids_.find(key); known != key_ids_.end()) return known->second;
  Statement& insert = Get(kInsertKey);
  const auto row = insert.Bind(key).Step();
  if (!row.has_value()) return Fail(row.error());
  const int64_t id = insert.Int(0);
  OPTFLEET_RETURN_IF_ERROR(insert.Run());
  key_ids_.emplace(key, id);
  return id;
}

}  // namespace optfleet::store
