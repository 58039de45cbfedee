#include "coordinator/store/record_writer.h"

#include <cmath>
#include <optional>
#include <utility>

#include "coordinator/domain/series.h"
#include "coordinator/store/encode.h"

namespace optfleet::store {
namespace {

// Parameters of kInsertRecord.
constexpr int kIdAt = 1;
constexpr int kStepAt = 2;
constexpr int kTimeAt = 3;
constexpr int kNanKeysAt = 4;
constexpr int kFirstValueAt = 5;

constexpr const char* kSql[] = {
    "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT OR REPLACE INTO other_points VALUES (?, ?, ?)",
    "INSERT INTO keys(name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
    "UPDATE attempts SET held_record = ?2, step = ?3, latest_json = ?4 WHERE id = ?1",
    "SELECT number, parent, resume_record, held_record, id FROM attempts WHERE job = ?",
    "DELETE FROM segments WHERE job = ?",
    "INSERT INTO segments VALUES (?, ?, ?, nullif(?, 9223372036854775807))",
    "DELETE FROM records WHERE id BETWEEN (?1 << 32) AND (?1 << 32) + 4294967295",
    "DELETE FROM other_points WHERE record BETWEEN (?1 << 32) AND (?1 << 32) + 4294967295",
    "DELETE FROM attempts WHERE id = ?",
    "DELETE FROM records WHERE id BETWEEN ? AND ?",
    "DELETE FROM other_points WHERE record BETWEEN ? AND ?",
    "SELECT changes()",
    "UPDATE attempts SET thinned = 1 WHERE id = ?",
    "SELECT id FROM attempts WHERE job = ? AND number > ?",
};

static_assert(kColumns.size() + kFirstValueAt - 1 == 16, "as many parameters as kInsertRecord has");

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

Result<std::vector<RecordWriter::Place>> RecordWriter::PlacesOf(const RecordBatch& batch) {
  // A worker names all keys that its log has; only those that are used get an id.
  std::vector<bool> used(batch.keys.size());
  for (const uint32_t key : batch.key_index) used[key] = true;
  std::vector<Place> places(batch.keys.size());
  for (size_t i = 0; i < places.size(); ++i) {
    if (!used[i]) continue;
    if (const auto column = ColumnOf(batch.keys[i])) {
      places[i].column = *column;
      continue;
    }
    const auto id = KeyId(batch.keys[i]);
    if (!id.has_value()) return Fail(id.error());
    places[i].key_id = *id;
  }
  return places;
}

Status RecordWriter::Insert(int64_t attempt, const RecordBatch& batch, int64_t first, int64_t last) {
  const auto places = PlacesOf(batch);
  if (!places.has_value()) return Fail(places.error());
  const auto begin = static_cast<size_t>(first - batch.first_record);
  const auto end = static_cast<size_t>(last - batch.first_record) + 1;
  size_t point = 0;
  for (size_t i = 0; i < begin; ++i) point += batch.point_counts[i];
  for (size_t i = begin; i < end; ++i) {
    const int64_t id = RecordId(attempt, batch.first_record + static_cast<int64_t>(i));
    present_ = 0;
    for (const size_t behind = point + batch.point_counts[i]; point < behind; ++point) {
      const Place& place = (*places)[batch.key_index[point]];
      if (place.column < kColumns.size()) {
        values_[place.column] = batch.values[point];
        present_ |= 1U << place.column;
      } else {
        OPTFLEET_RETURN_IF_ERROR(Get(kInsertPoint).Bind(id, place.key_id, batch.values[point]).Run());
      }
    }
    OPTFLEET_RETURN_IF_ERROR(InsertRow(id, batch.steps[i], batch.times_us[i]));
  }
  return {};
}

Status RecordWriter::InsertRow(int64_t id, int64_t step, int64_t time_us) {
  Statement& insert = Get(kInsertRecord);
  std::string nan_keys;
  for (size_t i = 0; i < kColumns.size(); ++i) {
    const uint32_t bit = 1U << i;
    const int at = kFirstValueAt + static_cast<int>(i);
    if ((present_ & bit) != 0) {
      insert.BindOne(at, values_[i]);
      if (std::isnan(values_[i])) nan_keys += (nan_keys.empty() ? "," : "") + std::string(kColumns[i]) + ",";
    } else if ((bound_ & bit) != 0) {
      insert.BindOne(at, std::nullopt);
    }
  }
  bound_ = present_;
  insert.BindOne(kIdAt, id);
  insert.BindOne(kStepAt, step);
  insert.BindOne(kTimeAt, time_us);
  insert.BindOne(kNanKeysAt, nan_keys.empty() ? std::nullopt : std::optional(nan_keys));
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

Result<int64_t> RecordWriter::DropRange(int64_t first, int64_t last) {
  OPTFLEET_RETURN_IF_ERROR(Get(kDropPointRange).Bind(first, last).Run());
  OPTFLEET_RETURN_IF_ERROR(Get(kDropRecordRange).Bind(first, last).Run());
  Statement& count = Get(kCountChanges);
  count.Bind();
  const auto row = count.Step();
  if (!row.has_value()) return Fail(row.error());
  const int64_t dropped = count.Int(0);
  count.Reset();
  return dropped;
}

Status RecordWriter::SetThinned(int64_t attempt) { return Get(kSetThinned).Bind(attempt).Run(); }

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
