// The operator API as calls that return a value or an Error. Blocking, each with a deadline; a list is read
// page by page to its end. One thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "optctl/commands/address.h"
#include "optfleet/v1/maintenance.pb.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::commands {

class Client {
 public:
  Client(Address address, std::chrono::milliseconds deadline);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  const Address& address() const;

  Result<v1::GetInfoResponse> GetInfo();

  Result<v1::Sweep> CreateSweep(const v1::CreateSweepRequest& request);
  Result<v1::PlanSweepResponse> PlanSweep(const v1::PlanSweepRequest& request);
  Result<v1::Sweep> GetSweep(const std::string& name);
  Result<std::vector<v1::Sweep>> ListSweeps();
  Result<v1::Sweep> CancelSweep(const std::string& name, const std::string& reason);

  Result<v1::Sweep> UpdateSweep(const std::string& name, std::optional<int32_t> priority,
                                std::optional<int32_t> max_running, std::optional<double> device_hours,
                                bool no_guard);
  Result<v1::Sweep> PauseSweep(const std::string& name, bool keep_running, const std::string& reason);
  Result<v1::Sweep> ResumeSweep(const std::string& name, const std::string& reason);
  struct ExtendOptions {
    bool dry_run = false;
    bool reuse = false;
  };
  using FileStamps = google::protobuf::RepeatedPtrField<v1::FileStamp>;
  // `sweep`: its files and what belongs to them. `stamps` count with reuse.
  Result<v1::ExtendSweepResponse> ExtendSweep(const std::string& name, const v1::Sweep& sweep,
                                              const ExtendOptions& options, const FileStamps& stamps);

  Result<v1::CancelJobsResponse> CancelJobs(const std::string& sweep, const std::vector<int32_t>& jobs,
                                            const std::string& reason);
  Result<v1::RetryJobsResponse> RetryJobs(const std::string& sweep, const std::vector<int32_t>& jobs,
                                          const std::string& reason);
  Result<v1::ExplainJobResponse> ExplainJob(const std::string& name);
  Result<std::vector<v1::Event>> ListEvents(const std::string& resource);

  Result<v1::Job> GetJob(const std::string& name);
  Result<std::vector<v1::Job>> ListJobs(const std::string& parent);
  Result<v1::ListMeasurementsResponse> ListMeasurements();
  Result<v1::Job> CancelJob(const std::string& name, const std::string& reason);

  Result<v1::Attempt> GetAttempt(const std::string& name);
  Result<std::vector<v1::Attempt>> ListAttempts(const std::string& job);
  Result<v1::GetAttemptLogResponse> GetAttemptLog(const std::string& attempt);

  // All keys if `keys` is empty; every point if `buckets` is 0.
  Result<v1::QueryMetricsResponse> QueryMetrics(const std::string& job, const std::vector<std::string>& keys,
                                                int buckets);

  Result<std::vector<v1::Worker>> ListWorkers();
  Result<v1::Worker> DrainWorker(const std::string& name, bool keep_running, const std::string& reason);
  Result<v1::Worker> UndrainWorker(const std::string& name, const std::string& reason);

  // Of a sweep or a job.
  Result<std::vector<v1::Checkpoint>> ListCheckpoints(const std::string& parent);
  Result<v1::Checkpoint> PinCheckpoint(const std::string& name, bool pin, const std::string& reason);

  Result<v1::Backup> CreateBackup();
  Result<v1::Backup> GetBackup(const std::string& name);
  // A piece of the file from `offset`; empty at its end.
  Result<std::string> ReadBackup(const std::string& name, const std::string& file, int64_t offset);
  Status DeleteBackup(const std::string& name);
  Result<v1::Diagnosis> Diagnose(bool check_databases);

 private:
  struct Stubs;
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace optfleet::commands
