#include "coordinator/store/state_store.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "coordinator/store/encode.h"
#include "coordinator/store/folder.h"
#include "coordinator/store/load_kept.h"
#include "coordinator/store/load_rungs.h"
#include "coordinator/store/prune.h"
#include "coordinator/store/read_best.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/rows.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/spec_reader.h"
#include "coordinator/store/sqlite.h"
#include "coordinator/store/state_writer.h"

namespace optfleet::store {
namespace {

constexpr const char* kMemory = ":memory:";

// By the index on the state, so that sweeps that ended long ago cost nothing.
constexpr const char* kFreshJobs = R"sql(
SELECT jobs.sweep, jobs.number, jobs.resources_json, jobs.total_steps, jobs.create_time
FROM sweeps CROSS JOIN jobs ON jobs.sweep = sweeps.id AND jobs.state = 'queued' AND jobs.outcome IS NULL
  AND jobs.attempt_count = 0
WHERE sweeps.state = 'active')sql";
// Behind the columns.
constexpr const char* kFromTouchedJobs = R"sql(
FROM sweeps CROSS JOIN jobs ON jobs.sweep = sweeps.id AND jobs.state IN ('queued', 'assigned', 'running', 'paused')
  AND jobs.outcome IS NULL AND jobs.attempt_count > 0
WHERE sweeps.state = 'active')sql";
constexpr const char* kFromTheirAttempts = R"sql(
FROM sweeps CROSS JOIN jobs ON jobs.sweep = sweeps.id AND jobs.state IN ('queued', 'assigned', 'running', 'paused')
  AND jobs.outcome IS NULL AND jobs.attempt_count > 0
CROSS JOIN attempts ON attempts.sweep = jobs.sweep AND attempts.job = jobs.number
WHERE sweeps.state = 'active')sql";
// Sweeps that a process which ended was still writing, and jobs by which it was still extending one: nobody
// has been told of them. A job behind the last of its sweep that was ever given out is not one of those.
constexpr const char* kCountUnfinished = R"sql(
SELECT (SELECT count(*) FROM sweeps WHERE state = 'expanding') + (SELECT count(*) FROM sweeps CROSS JOIN jobs
  ON jobs.sweep = sweeps.id AND jobs.number > sweeps.job_count))sql";
constexpr const char* kDropUnfinished = R"sql(
BEGIN IMMEDIATE;
DELETE FROM jobs WHERE rowid IN (SELECT jobs.rowid FROM sweeps CROSS JOIN jobs
  ON jobs.sweep = sweeps.id AND jobs.number > sweeps.job_count
  WHERE (jobs.state = 'queued' AND jobs.attempt_count = 0) OR jobs.reused_from IS NOT NULL);
DELETE FROM jobs WHERE sweep IN (SELECT id FROM sweeps WHERE state = 'expanding');
DELETE FROM sources WHERE sweep IN (SELECT id FROM sweeps WHERE state = 'expanding');
DELETE FROM sweeps WHERE state = 'expanding';
COMMIT)sql";

// Runs a query and appends what `read` makes of each row.
template <typename T>
Status ReadAll(Connection* connection, const std::string& sql, Result<T> (*read)(const Statement&),
               std::vector<T>* rows) {
  auto statement = connection->Prepare(sql);
  if (!statement.has_value()) return Fail(statement.error());
  while (true) {
    const auto more = statement->Step();
    if (!more.has_value()) return Fail(more.error());
    if (!*more) return {};
    auto row = read(*statement);
    if (!row.has_value()) return Fail(row.error());
    rows->push_back(std::move(*row));
  }
}

Result<domain::Request> ReadRequest(const Statement& row) {
  return domain::Request{row.Text(0), row.Text(1), row.Text(2), TimeFromUnixMicros(row.Int(3))};
}

Result<engine::ClassReason> ReadWaiting(const Statement& row) {
  return engine::ClassReason{row.Text(0), DecodeResources(row.Text(1)), row.Text(2), row.Text(3)};
}

Status DropUnfinished(Connection* connection) {
  const auto unfinished = connection->QueryInt(kCountUnfinished);
  if (!unfinished.has_value()) return Fail(unfinished.error());
  return *unfinished == 0 ? Status() : connection->Execute(kDropUnfinished);
}

struct EndedRow {
  std::string sweep;
  std::string outcome;
  int32_t count = 0;
  int64_t steps = 0;
  domain::SlotMicros slot_time = 0;
};
Result<EndedRow> ReadEnded(const Statement& row) {
  return EndedRow{row.Text(0), row.Text(1), static_cast<int32_t>(row.Int(2)), row.Int(3), row.Int(4)};
}

// A new database begins with the second in which it was made, so that attempts of an earlier one that had the
// same names never look like its own; each restore of a backup raises the number by one. One that was made
// before this rule cannot know which of the lower numbers were its own.
constexpr const char* kBeginIncarnations = R"sql(
UPDATE meta SET value = max(value, unixepoch()) WHERE key = 'incarnation'
  AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'first_incarnation')
  AND NOT EXISTS (SELECT 1 FROM workers);
INSERT OR IGNORE INTO meta SELECT 'first_incarnation', value + EXISTS (SELECT 1 FROM workers) FROM meta
  WHERE key = 'incarnation';
)sql";

// The incarnation in which metrics.db was last rid of what a restored backup had undone.
constexpr const char* kMetricsAgreeAt =
    "SELECT coalesce((SELECT value FROM meta WHERE key = 'metrics_agree_at'), 0)";

Status BeginIncarnations(Connection* connection) {
  const auto known = connection->QueryInt("SELECT count(*) FROM meta WHERE key = 'first_incarnation'");
  if (!known.has_value()) return Fail(known.error());
  if (*known > 0) return {};
  auto transaction = Transaction::Begin(connection, Transaction::Kind::kWrite);
  if (!transaction.has_value()) return Fail(transaction.error());
  OPTFLEET_RETURN_IF_ERROR(connection->Execute(kBeginIncarnations));
  return transaction->Commit();
}

class SqliteStateStore final : public StateStore {
 public:
  SqliteStateStore(std::optional<FolderLock> lock, Connection connection, StateWriter writer,
                   SpecReader specs, int64_t incarnation, int64_t first_incarnation)
      : lock_(std::move(lock)),
        connection_(std::move(connection)),
        writer_(std::move(writer)),
        specs_(std::move(specs)),
        incarnation_(incarnation),
        first_incarnation_(first_incarnation) {}

  Result<engine::SavedState> Load() override {
    engine::SavedState saved;
    saved.incarnation = incarnation_;
    saved.first_incarnation = first_incarnation_;
    OPTFLEET_RETURN_IF_ERROR(LoadSweeps(&saved));
    OPTFLEET_RETURN_IF_ERROR(ReadAll(&connection_,
                                     std::string("SELECT ") + kJobColumnsWithoutTexts + kFromTouchedJobs,
                                     &ReadJob, &saved.jobs));
    OPTFLEET_RETURN_IF_ERROR(ReadAll(&connection_,
                                     std::string("SELECT ") + kAttemptColumns + kFromTheirAttempts,
                                     &ReadAttempt, &saved.attempts));
    OPTFLEET_RETURN_IF_ERROR(ReadAll(&connection_, std::string("SELECT ") + kWorkerColumns + " FROM workers",
                                     &ReadWorker, &saved.workers));
    OPTFLEET_RETURN_IF_ERROR(ReadAll(&connection_, "SELECT id, content_hash, subject, time FROM requests",
                                     &ReadRequest, &saved.requests));
    OPTFLEET_RETURN_IF_ERROR(ReadAll(&connection_,
                                     "SELECT sweep, resources_json, bound_worker, reason FROM waiting",
                                     &ReadWaiting, &saved.waiting));
    OPTFLEET_RETURN_IF_ERROR(LoadKept(&connection_, &saved));
    return saved;
  }

  Status Commit(const engine::Changes& changes) override {
    if (changes.empty()) return {};
    auto transaction = Transaction::Begin(&connection_, Transaction::Kind::kWrite);
    if (!transaction.has_value()) return Fail(transaction.error());
    OPTFLEET_RETURN_IF_ERROR(writer_.Write(changes));
    return transaction->Commit();
  }

  Result<std::vector<domain::Attempt>> ResumedOfEndedJobs() override {
    std::vector<domain::Attempt> attempts;
    OPTFLEET_RETURN_IF_ERROR(
        ReadAll(&connection_,
                std::string("SELECT ") + kAttemptColumns +
                    " FROM attempts INDEXED BY attempts_resumed JOIN jobs ON jobs.sweep = attempts.sweep AND "
                    "jobs.number = attempts.job WHERE attempts.parent <> 0 AND jobs.state = 'ended'",
                &ReadAttempt, &attempts));
    return attempts;
  }

  Result<std::optional<NewestAttempts>> NewestAfterRestore() override {
    std::optional<NewestAttempts> newest;
    const auto agreed = connection_.QueryInt(kMetricsAgreeAt);
    if (!agreed.has_value()) return Fail(agreed.error());
    if (*agreed == incarnation_) return newest;
    newest.emplace();
    OPTFLEET_RETURN_IF_ERROR(
        ForEachRow(&connection_, "SELECT sweep, job, max(number) FROM attempts GROUP BY sweep, job",
                   [&](const Statement& row) -> Status {
                     newest->emplace(JobName{row.Text(0), static_cast<int32_t>(row.Int(1))},
                                     static_cast<int32_t>(row.Int(2)));
                     return {};
                   }));
    return newest;
  }

  Status MetricsAgree() override {
    auto statement = connection_.Prepare("INSERT OR REPLACE INTO meta VALUES ('metrics_agree_at', ?)");
    if (!statement.has_value()) return Fail(statement.error());
    return statement->Bind(incarnation_).Run();
  }

  Result<std::string> SpecOf(const JobName& job) override { return specs_.Read(job); }

  Result<bool> PruneEvents(Time before) override {
    return PruneSomeEvents(&connection_, UnixMicros(before), &prune_behind_);
  }

  int64_t incarnation() const override { return incarnation_; }

  int64_t wal_bytes() const override {
    std::error_code missing;
    const auto size = std::filesystem::file_size(connection_.path() + "-wal", missing);
    return missing ? 0 : static_cast<int64_t>(size);
  }

 private:
  Status LoadSweeps(engine::SavedState* saved) {
    std::vector<domain::Sweep> rows;
    OPTFLEET_RETURN_IF_ERROR(ReadAll(&connection_,
                                     std::string("SELECT ") + kSweepColumns + " FROM sweeps ORDER BY id",
                                     &ReadSweep, &rows));
    std::map<std::string, engine::SavedSweep> sweeps;
    for (domain::Sweep& row : rows) sweeps[row.id].sweep = std::move(row);
    std::vector<EndedRow> ended;
    OPTFLEET_RETURN_IF_ERROR(
        ReadAll(&connection_,
                "SELECT sweep, outcome, count(*), sum(step), sum(slot_time) FROM jobs WHERE state = 'ended' "
                "GROUP BY sweep, outcome",
                &ReadEnded, &ended));
    for (const EndedRow& row : ended) {
      sweeps[row.sweep].ended.by_outcome[row.outcome] = row.count;
      sweeps[row.sweep].ended_steps += row.steps;
      sweeps[row.sweep].ended_slot_time += row.slot_time;
    }
    for (auto& [id, sweep] : sweeps) {
      const sweeps::Objective& objective = sweep.sweep.objective;
      const auto best = ReadBestJobs(&connection_, id, objective, sweep.sweep.job_count, 1);
      if (!best.has_value()) return Fail(best.error());
      if (best->empty()) continue;
      sweep.ended.best_job = best->front().job;
      sweep.ended.best_cost = objective.CostOf(best->front().objective);
    }
    OPTFLEET_RETURN_IF_ERROR(LoadFresh(&sweeps));
    OPTFLEET_RETURN_IF_ERROR(LoadRungs(&connection_, &sweeps));
    for (auto& [id, sweep] : sweeps) saved->sweeps.push_back(std::move(sweep));
    return {};
  }

  // What a job has in common with the one before is not read anew: there may be a hundred thousand.
  Status LoadFresh(std::map<std::string, engine::SavedSweep>* sweeps) {
    auto statement = connection_.Prepare(kFreshJobs);
    if (!statement.has_value()) return Fail(statement.error());
    auto sweep = sweeps->end();
    std::string resources_json;
    engine::JobKind kind;
    while (true) {
      const auto more = statement->Step();
      if (!more.has_value()) return Fail(more.error());
      if (!*more) return {};
      if (sweep == sweeps->end() || statement->View(0) != sweep->first)
        sweep = sweeps->find(statement->Text(0));
      if (statement->View(2) != resources_json) {
        resources_json = statement->Text(2);
        kind.resources = DecodeResources(resources_json);
      }
      kind.total_steps = statement->Int(3);
      kind.create_time = TimeFromUnixMicros(statement->Int(4));
      const int64_t number = statement->Int(1);
      if (number < 1 || number > sweep->second.sweep.job_count)
        return Fail(Code::kDataLoss,
                    "state.db: " + SweepResource(sweep->first) + " has no job " + std::to_string(number) +
                        ", which is queued; restore a backup, or move it away to begin anew");
      sweep->second.fresh.Add(static_cast<int32_t>(number), kind);
    }
  }

  std::optional<FolderLock> lock_;  // outlives the connection
  Connection connection_;
  StateWriter writer_;
  SpecReader specs_;
  int64_t prune_behind_ = 0;  // events up to this one were looked at
  int64_t incarnation_;
  int64_t first_incarnation_;
};

}  // namespace

Result<std::unique_ptr<StateStore>> StateStore::Open(const StoreOptions& options) {
  std::optional<FolderLock> lock;
  std::string path = kMemory;
  if (options.folder != kMemory) {
    path = options.folder + "/" + kStateFile;
    if (options.vfs.empty()) {
      OPTFLEET_RETURN_IF_ERROR(RefuseNetworkDisk(options.folder, options.file_system_type));
      auto taken = FolderLock::Take(options.folder);
      if (!taken.has_value()) return Fail(taken.error());
      lock.emplace(std::move(*taken));
    }
  }
  auto connection = OpenForWriting(path, kStateSchema, options.vfs);
  if (!connection.has_value()) return Fail(connection.error());
  OPTFLEET_RETURN_IF_ERROR(BeginIncarnations(&*connection));
  const auto incarnation = connection->QueryInt("SELECT value FROM meta WHERE key = 'incarnation'");
  if (!incarnation.has_value()) return Fail(incarnation.error());
  const auto first = connection->QueryInt("SELECT value FROM meta WHERE key = 'first_incarnation'");
  if (!first.has_value()) return Fail(first.error());
  auto writer = StateWriter::Prepare(&*connection);
  if (!writer.has_value()) return Fail(writer.error());
  OPTFLEET_RETURN_IF_ERROR(DropUnfinished(&*connection));
  auto specs = SpecReader::Prepare(&*connection);
  if (!specs.has_value()) return Fail(specs.error());
  return std::make_unique<SqliteStateStore>(std::move(lock), std::move(*connection), std::move(*writer),
                                            std::move(*specs), *incarnation, *first);
}

}  // namespace optfleet::store
