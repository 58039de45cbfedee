#include "coordinator/store/metrics_store.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "coordinator/domain/series.h"
#include "coordinator/store/encode.h"
#include "coordinator/store/folder.h"
#include "coordinator/store/metrics_columns.h"
#include "coordinator/store/record_writer.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {
namespace {

constexpr const char* kMemory = ":memory:";
constexpr const char* kFindAttempt =
    "SELECT id, incarnation, record_limit, held_record, step, latest_json FROM attempts WHERE job = ? AND "
    "number = ?";

// So many keys without a column have a newest value: a job that records every single parameter has thousands,
// which are read as series.
constexpr size_t kMostLatest = 256;

// What the database knows of an attempt.
struct Known {
  int64_t id = 0;
  int64_t incarnation = 0;
  int64_t record_limit = 0;
  int64_t held_record = 0;
  int64_t step = 0;
  domain::Figures latest;

  void Remember(const std::string& key, double value) {
    if (latest.size() < kMostLatest || latest.contains(key) || ColumnOf(key)) latest[key] = value;
  }
};

class SqliteMetricsStore final : public MetricsStore {
 public:
  SqliteMetricsStore(Connection connection, RecordWriter writer)
      : connection_(std::move(connection)), writer_(std::move(writer)) {}

  Status Link(std::span<const domain::Attempt> attempts) override {
    auto transaction = Transaction::Begin(&connection_, Transaction::Kind::kWrite);
    if (!transaction.has_value()) return Fail(transaction.error());
    std::set<std::string> jobs;
    for (const domain::Attempt& attempt : attempts) {
      OPTFLEET_RETURN_IF_ERROR(LinkOne(attempt));
      jobs.insert(ToResource(attempt.name.job));
    }
    for (const std::string& job : jobs) OPTFLEET_RETURN_IF_ERROR(writer_.UpdateSegments(job));
    return transaction->Commit();
  }

  Result<std::vector<engine::RecordsHeld>> Append(std::span<const RecordBatch> batches) override {
    auto held = TryAppend(batches);
    if (!held.has_value()) writer_.ForgetKeys();
    return held;
  }

  Result<std::map<AttemptName, engine::RecordsHeld>> Held(
      std::span<const domain::Attempt> attempts) override {
    std::map<AttemptName, engine::RecordsHeld> held;
    for (const domain::Attempt& attempt : attempts) {
      auto known = Find(attempt.name);
      if (!known.has_value()) return Fail(known.error());
      const bool same = known->has_value() && (*known)->incarnation == attempt.fence.incarnation;
      if (same && (*known)->held_record > 0) {
        held[attempt.name] = {attempt.name, (*known)->held_record, (*known)->step};
      }
    }
    return held;
  }

  int64_t wal_bytes() const override {
    std::error_code missing;
    const auto size = std::filesystem::file_size(connection_.path() + "-wal", missing);
    return missing ? 0 : static_cast<int64_t>(size);
  }

 private:
  Result<std::vector<engine::RecordsHeld>> TryAppend(std::span<const RecordBatch> batches) {
    auto transaction = Transaction::Begin(&connection_, Transaction::Kind::kWrite);
    if (!transaction.has_value()) return Fail(transaction.error());
    std::vector<engine::RecordsHeld> held;
    for (const RecordBatch& batch : batches) {
      auto one = AppendOne(batch);
      if (!one.has_value()) return Fail(one.error());
      auto same =
          std::find_if(held.begin(), held.end(), [&](const auto& h) { return h.attempt == one->attempt; });
      if (same == held.end()) {
        held.push_back(*one);
      } else if (one->record > same->record) {
        *same = *one;
      }
    }
    OPTFLEET_RETURN_IF_ERROR(transaction->Commit());
    return held;
  }

  Result<std::optional<Known>> Find(const AttemptName& name) {
    auto statement = connection_.Prepare(kFindAttempt);
    if (!statement.has_value()) return Fail(statement.error());
    auto row = statement->Bind(ToResource(name.job), name.attempt).Step();
    if (!row.has_value()) return Fail(row.error());
    if (!*row) return std::optional<Known>();
    return std::optional(Known{statement->Int(0), statement->Int(1), statement->Int(2), statement->Int(3),
                               statement->Int(4), DecodeFigures(statement->Text(5))});
  }

  Status LinkOne(const domain::Attempt& attempt) {
    const std::string job = ToResource(attempt.name.job);
    auto known = Find(attempt.name);
    if (!known.has_value()) return Fail(known.error());
    if (known->has_value() && (*known)->incarnation != attempt.fence.incarnation) {
      // The attempt of this number that was given out before a backup was restored never counted in this
      // history.
      if ((*known)->incarnation > attempt.fence.incarnation) return {};
      OPTFLEET_RETURN_IF_ERROR(writer_.Drop((*known)->id));
    }
    // The open attempt of a job is its newest: what has a higher number belongs to a history that a restored
    // backup has undone, and would be taken for the head of the series.
    if (attempt.state != domain::AttemptState::kEnded)
      OPTFLEET_RETURN_IF_ERROR(writer_.DropNewer(job, attempt.name.attempt));
    auto statement = connection_.Prepare(
        "INSERT INTO attempts(job, number, incarnation, parent, resume_record, record_limit) VALUES (?1, ?2, "
        "?3, ?4, ?5, ?6) "
        "ON CONFLICT (job, number) DO UPDATE SET parent = ?4, resume_record = ?5, record_limit = ?6");
    if (!statement.has_value()) return Fail(statement.error());
    return statement
        ->Bind(job, attempt.name.attempt, attempt.fence.incarnation, attempt.parent, attempt.resume_record,
               attempt.record_limit)
        .Run();
  }

  Result<engine::RecordsHeld> AppendOne(const RecordBatch& batch) {
    auto found = Find(batch.attempt);
    if (!found.has_value()) return Fail(found.error());
    if (!found->has_value() || (*found)->incarnation != batch.fence.incarnation ||
        batch.fence.attempt != batch.attempt.attempt) {
      return engine::RecordsHeld{batch.attempt, 0, 0};
    }
    Known& known = **found;
    const int64_t held_before = known.held_record;
    const int64_t last =
        std::min(batch.first_record + static_cast<int64_t>(batch.records.size()) - 1, known.record_limit);
    if (batch.first_record <= held_before + 1) {
      for (int64_t number = held_before + 1; number <= last; ++number) {
        const MetricRecord& record = batch.records[static_cast<size_t>(number - batch.first_record)];
        OPTFLEET_RETURN_IF_ERROR(writer_.Insert(known.id, number, record, batch.keys));
        known.held_record = number;
        known.step = record.step;
        for (const MetricPoint& point : record.points)
          known.Remember(batch.keys[static_cast<size_t>(point.key)], point.value);
      }
    }
    if (known.held_record > held_before) {
      OPTFLEET_RETURN_IF_ERROR(writer_.SetHeld(known.id, known.held_record, known.step, known.latest));
      // With its first record the attempt becomes the head of the series.
      if (held_before == 0) OPTFLEET_RETURN_IF_ERROR(writer_.UpdateSegments(ToResource(batch.attempt.job)));
    }
    return engine::RecordsHeld{batch.attempt, known.held_record, known.step};
  }

  Connection connection_;
  RecordWriter writer_;
};

}  // namespace

Result<std::unique_ptr<MetricsStore>> MetricsStore::Open(const StoreOptions& options) {
  std::string path = kMemory;
  if (options.folder != kMemory) {
    if (options.vfs.empty())
      OPTFLEET_RETURN_IF_ERROR(RefuseNetworkDisk(options.folder, options.file_system_type));
    path = options.folder + "/" + kMetricsFile;
  }
  auto connection = OpenForWriting(path, kMetricsSchema, options.vfs);
  if (!connection.has_value()) return Fail(connection.error());
  auto writer = RecordWriter::Prepare(&*connection);
  if (!writer.has_value()) return Fail(writer.error());
  return std::make_unique<SqliteMetricsStore>(std::move(*connection), std::move(*writer));
}

}  // namespace optfleet::store
