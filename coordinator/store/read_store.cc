#include "coordinator/store/read_store.h"

#include <utility>

#include "coordinator/store/read_series.h"
#include "coordinator/store/read_state.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/state_store.h"

namespace optfleet::store {
namespace {

class SqliteReadStore final : public ReadStore {
 public:
  explicit SqliteReadStore(Connection connection) : connection_(std::move(connection)) {}

  Result<SweepView> GetSweep(const std::string& id) override {
    return Read([&] { return ReadOneSweep(&connection_, id); });
  }
  Result<JobView> GetJob(const JobName& name) override {
    return Read([&] { return ReadOneJob(&connection_, name); });
  }
  Result<AttemptView> GetAttempt(const AttemptName& name) override {
    return Read([&] { return ReadOneAttempt(&connection_, name); });
  }
  Result<domain::AttemptLog> GetAttemptLog(const AttemptName& name) override {
    return Read([&] { return ReadLog(&connection_, name); });
  }
  Result<std::vector<SweepView>> ListSweeps(const std::optional<SweepKey>& after, int32_t limit) override {
    return Read([&] { return ReadSweeps(&connection_, after, limit); });
  }
  Result<std::vector<JobView>> ListJobs(const std::optional<std::string>& sweep,
                                        const std::optional<JobName>& after, int32_t limit) override {
    return Read([&] { return ReadJobs(&connection_, sweep, after, limit); });
  }
  Result<std::vector<AttemptView>> ListAttempts(const JobName& job, int32_t after, int32_t limit) override {
    return Read([&] { return ReadAttempts(&connection_, job, after, limit); });
  }
  Result<std::vector<WorkerView>> ListWorkers(const std::string& after, int32_t limit) override {
    return Read([&] { return ReadWorkers(&connection_, after, limit); });
  }
  Result<WorkerView> GetWorker(const std::string& id) override {
    return Read([&] { return ReadOneWorker(&connection_, id); });
  }
  Result<std::vector<CheckpointView>> ListCheckpoints(const std::string& sweep, std::optional<int32_t> job,
                                                      const std::optional<domain::KeptId>& after,
                                                      int32_t limit) override {
    return Read([&] { return ReadCheckpoints(&connection_, sweep, job, after, limit); });
  }
  Result<CheckpointView> GetCheckpoint(const CheckpointName& name) override {
    return Read([&] { return ReadOneCheckpoint(&connection_, name); });
  }
  Result<std::vector<domain::Event>> ListNewestEvents(const std::string& subject, int32_t limit) override {
    return Read([&] { return ReadNewestEvents(&connection_, subject, limit); });
  }
  Result<std::vector<domain::Event>> ListEvents(const std::string& subject, int64_t skip,
                                                int32_t limit) override {
    return Read([&] { return ReadEvents(&connection_, subject, skip, limit); });
  }
  Result<EndedJobs> GetEndedJobs(const std::string& sweep, const EndedSelection& selection) override {
    return Read([&] { return ReadEndedJobs(&connection_, sweep, selection); });
  }
  Result<StagedSweep> GetStagedSweep(const std::string& sweep) override {
    return Read([&] { return ReadStagedSweep(&connection_, sweep); });
  }
  Result<SweepPoints> GetSweepPoints(const std::string& sweep) override {
    return Read([&] { return ReadSweepPoints(&connection_, sweep); });
  }
  Result<std::vector<HashedJob>> ListSucceededJobs() override {
    return Read([&] { return ReadSucceededJobs(&connection_); });
  }
  Result<std::vector<SucceededJob>> GetSucceededJobs(const std::vector<JobName>& names) override {
    return Read([&] { return store::ReadSucceededJobs(&connection_, names); });
  }
  Result<std::vector<MeasuredJob>> ListMeasuredJobs(const MeasuredLimits& limits) override {
    return Read([&] { return ReadMeasuredJobs(&connection_, limits); });
  }
  Result<std::vector<SeriesColumn>> QuerySeries(const SeriesQuery& query) override {
    return Read([&]() -> Result<std::vector<SeriesColumn>> {
      const auto job = ReadOneJob(&connection_, query.job);
      if (!job.has_value()) return Fail(job.error());
      SeriesQuery recorded = query;
      recorded.job = job->job.status.reused_from.value_or(query.job);
      return ReadSeries(&connection_, recorded);
    });
  }
  Result<std::vector<AttemptName>> AttemptsToThin(Time before, int32_t limit) override {
    return Read([&] { return ReadAttemptsToThin(&connection_, before, limit); });
  }
  Result<ThinPlan> PlanThinning(const AttemptName& attempt, int64_t most) override {
    return Read([&] { return store::PlanThinning(&connection_, attempt, most); });
  }

 private:
  // One consistent state for all statements of a call.
  template <typename Function>
  auto Read(Function&& function) -> decltype(function()) {
    auto transaction = Transaction::Begin(&connection_, Transaction::Kind::kRead);
    if (!transaction.has_value()) return Fail(transaction.error());
    auto result = function();
    if (auto done = transaction->Commit(); !done.has_value()) return Fail(done.error());
    return result;
  }

  Connection connection_;
};

}  // namespace

Result<std::unique_ptr<ReadStore>> ReadStore::Open(const std::string& folder, const std::string& vfs) {
  const std::string metrics_path = folder + "/" + kMetricsFile;
  // Opened once by itself for the checks.
  const auto metrics = OpenForReading(metrics_path, kMetricsSchema, vfs);
  if (!metrics.has_value()) return Fail(metrics.error());
  auto connection = OpenForReading(folder + "/" + kStateFile, kStateSchema, vfs);
  if (!connection.has_value()) return Fail(connection.error());
  auto attach = connection->Prepare("ATTACH ? AS metrics");
  if (!attach.has_value()) return Fail(attach.error());
  OPTFLEET_RETURN_IF_ERROR(attach->Bind(metrics_path).Run());
  return std::make_unique<SqliteReadStore>(std::move(*connection));
}

}  // namespace optfleet::store
