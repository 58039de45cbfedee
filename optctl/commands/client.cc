#include "optctl/commands/client.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "optctl/commands/request_id.h"
#include "optfleet/v1/maintenance.grpc.pb.h"
#include "optfleet/v1/operator.grpc.pb.h"

namespace optfleet::commands {
namespace {

constexpr int kPageSize = 1000;
// A grid of a million points takes half a minute on a quiet machine.
constexpr std::chrono::minutes kExpansionDeadline{10};
constexpr int kMaxMessageBytes =
    256 << 20;  // a sweep's files or a page of specs, far above what the server sends

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY,
                   0);  // a proxy for the web is none for a machine of the cluster
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

struct Client::Stubs {
  Stubs(Address where, std::chrono::milliseconds limit)
      : address(std::move(where)),
        deadline(limit),
        channel(OpenChannel(address.target)),
        sweeps(v1::SweepService::NewStub(channel)),
        jobs(v1::JobService::NewStub(channel)),
        attempts(v1::AttemptService::NewStub(channel)),
        checkpoints(v1::CheckpointService::NewStub(channel)),
        metrics(v1::MetricService::NewStub(channel)),
        workers(v1::WorkerService::NewStub(channel)),
        events(v1::EventService::NewStub(channel)),
        system(v1::SystemService::NewStub(channel)),
        maintenance(v1::MaintenanceService::NewStub(channel)) {}

  template <typename Stub, typename Request, typename Response>
  Result<Response> Call(Stub& stub,
                        grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                        const Request& request) const {
    return CallWithin(deadline, stub, method, request);
  }
  template <typename Stub, typename Request, typename Response>
  Result<Response> CallWithin(std::chrono::milliseconds limit, Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                              const Request& request) const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (status.ok()) return response;
    return Fail(ErrorFrom(status, limit));
  }

  // Calls `method` until the last page and hands each page to `take`.
  template <typename Stub, typename Request, typename Response, typename Take>
  Status Pages(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               Request request, Take take) const {
    request.set_page_size(kPageSize);
    do {
      auto response = Call(stub, method, request);
      if (!response) return Fail(std::move(response).error());
      request.set_page_token(response->next_page_token());
      take(*response);
    } while (!request.page_token().empty());
    return {};
  }

  Error ErrorFrom(const grpc::Status& status, std::chrono::milliseconds limit) const;

  Address address;
  std::chrono::milliseconds deadline;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::SweepService::Stub> sweeps;
  std::unique_ptr<v1::JobService::Stub> jobs;
  std::unique_ptr<v1::AttemptService::Stub> attempts;
  std::unique_ptr<v1::CheckpointService::Stub> checkpoints;
  std::unique_ptr<v1::MetricService::Stub> metrics;
  std::unique_ptr<v1::WorkerService::Stub> workers;
  std::unique_ptr<v1::EventService::Stub> events;
  std::unique_ptr<v1::SystemService::Stub> system;
  std::unique_ptr<v1::MaintenanceService::Stub> maintenance;
};

Error Client::Stubs::ErrorFrom(const grpc::Status& status, std::chrono::milliseconds limit) const {
  const auto code = static_cast<Code>(status.error_code());
  if (code == Code::kUnavailable) {
    return Error(
        code,
        "no coordinator answers at " + address.target + " (from " + address.origin +
            "): " + status.error_message() +
            "\nname another with --coordinator HOST:PORT, start one with `opt-coordinator --state DIR`, "
            "or run a sweep on this machine alone with `optctl run FILE`");
  }
  if (code == Code::kDeadlineExceeded) {
    return Error(code, "the coordinator at " + address.target + " did not answer within " +
                           std::to_string(limit.count() / 1000) + " s; it may be overloaded: try again");
  }
  if (code == Code::kUnimplemented)
    return Error(code,
                 "the coordinator at " + address.target + " is older than this optctl and cannot do that");
  return Error(code, status.error_message().empty() ? std::string(CodeName(code)) : status.error_message());
}

Client::Client(Address address, std::chrono::milliseconds deadline)
    : stubs_(std::make_unique<Stubs>(std::move(address), deadline)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

const Address& Client::address() const { return stubs_->address; }

Result<v1::GetInfoResponse> Client::GetInfo() {
  return stubs_->Call(*stubs_->system, &v1::SystemService::Stub::GetInfo, v1::GetInfoRequest());
}

Result<v1::Sweep> Client::CreateSweep(const v1::CreateSweepRequest& request) {
  return stubs_->CallWithin(kExpansionDeadline, *stubs_->sweeps, &v1::SweepService::Stub::CreateSweep,
                            request);
}

Result<v1::PlanSweepResponse> Client::PlanSweep(const v1::PlanSweepRequest& request) {
  return stubs_->CallWithin(kExpansionDeadline, *stubs_->sweeps, &v1::SweepService::Stub::PlanSweep, request);
}

Result<v1::Sweep> Client::GetSweep(const std::string& name) {
  v1::GetSweepRequest request;
  request.set_name(name);
  return stubs_->Call(*stubs_->sweeps, &v1::SweepService::Stub::GetSweep, request);
}

Result<std::vector<v1::Sweep>> Client::ListSweeps() {
  std::vector<v1::Sweep> all;
  OPTFLEET_RETURN_IF_ERROR(stubs_->Pages(*stubs_->sweeps, &v1::SweepService::Stub::ListSweeps,
                                         v1::ListSweepsRequest(), [&](const v1::ListSweepsResponse& page) {
                                           all.insert(all.end(), page.sweeps().begin(), page.sweeps().end());
                                         }));
  return all;
}

Result<v1::Sweep> Client::CancelSweep(const std::string& name, const std::string& reason) {
  v1::CancelSweepRequest request;
  request.set_name(name);
  request.set_reason(reason);
  request.set_request_id(RandomRequestId());
  return stubs_->Call(*stubs_->sweeps, &v1::SweepService::Stub::CancelSweep, request);
}

Result<v1::Sweep> Client::UpdateSweep(const std::string& name, std::optional<int32_t> priority,
                                      std::optional<int32_t> max_running, std::optional<double> device_hours,
                                      bool no_guard) {
  v1::UpdateSweepRequest request;
  request.mutable_sweep()->set_name(name);
  if (priority) {
    request.mutable_sweep()->set_priority(*priority);
    request.mutable_update_mask()->add_paths("priority");
  }
  if (max_running) {
    request.mutable_sweep()->set_max_running(*max_running);
    request.mutable_update_mask()->add_paths("max_running");
  }
  if (no_guard) request.mutable_update_mask()->add_paths("guard");
  if (device_hours) {
    request.mutable_sweep()->mutable_guard()->set_device_hours(*device_hours);
    request.mutable_update_mask()->add_paths("guard.device_hours");
  }
  request.set_request_id(RandomRequestId());
  return stubs_->Call(*stubs_->sweeps, &v1::SweepService::Stub::UpdateSweep, request);
}

Result<v1::Sweep> Client::PauseSweep(const std::string& name, bool keep_running, const std::string& reason) {
  v1::PauseSweepRequest request;
  request.set_name(name);
  request.set_keep_running(keep_running);
  request.set_reason(reason);
  request.set_request_id(RandomRequestId());
  return stubs_->Call(*stubs_->sweeps, &v1::SweepService::Stub::PauseSweep, request);
}

Result<v1::Sweep> Client::ResumeSweep(const std::string& name, const std::string& reason) {
  v1::ResumeSweepRequest request;
  request.set_name(name);
  request.set_reason(reason);
  request.set_request_id(RandomRequestId());
  return stubs_->Call(*stubs_->sweeps, &v1::SweepService::Stub::ResumeSweep, request);
}

Result<v1::ExtendSweepResponse> Client::ExtendSweep(const std::string& name, const v1::Sweep& sweep,
                                                    const ExtendOptions& options, const FileStamps& stamps) {
  v1::ExtendSweepRequest request;
  request.set_name(name);
  *request.mutable_sweep() = sweep;
  request.set_validate_only(options.dry_run);
  request.set_reuse(options.reuse);
  *request.mutable_file_stamps() = stamps;
  request.set_request_id(RandomRequestId());
  return stubs_->CallWithin(kExpansionDeadline, *stubs_->sweeps, &v1::SweepService::Stub::ExtendSweep,
                            request);
}

Result<v1::CancelJobsResponse> Client::CancelJobs(const std::string& sweep, const std::vector<int32_t>& jobs,
                                                  const std::string& reason) {
  v1::CancelJobsRequest request;
  request.set_parent(sweep);
  request.mutable_jobs()->Add(jobs.begin(), jobs.end());
  request.set_reason(reason);
  request.set_request_id(RandomRequestId());
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::CancelJobs, request);
}

Result<v1::RetryJobsResponse> Client::RetryJobs(const std::string& sweep, const std::vector<int32_t>& jobs,
                                                const std::string& reason) {
  v1::RetryJobsRequest request;
  request.set_parent(sweep);
  request.mutable_jobs()->Add(jobs.begin(), jobs.end());
  request.set_reason(reason);
  request.set_request_id(RandomRequestId());
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::RetryJobs, request);
}

Result<v1::ExplainJobResponse> Client::ExplainJob(const std::string& name) {
  v1::ExplainJobRequest request;
  request.set_name(name);
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::ExplainJob, request);
}

Result<std::vector<v1::Event>> Client::ListEvents(const std::string& resource) {
  v1::ListEventsRequest request;
  request.set_parent(resource);
  std::vector<v1::Event> all;
  OPTFLEET_RETURN_IF_ERROR(stubs_->Pages(*stubs_->events, &v1::EventService::Stub::ListEvents, request,
                                         [&](const v1::ListEventsResponse& page) {
                                           all.insert(all.end(), page.events().begin(), page.events().end());
                                         }));
  return all;
}

Result<v1::Worker> Client::DrainWorker(const std::string& name, bool keep_running,
                                       const std::string& reason) {
  v1::DrainWorkerRequest request;
  request.set_name(name);
  request.set_keep_running(keep_running);
  request.set_reason(reason);
  request.set_request_id(RandomRequestId());
  return stubs_->Call(*stubs_->workers, &v1::WorkerService::Stub::DrainWorker, request);
}

Result<v1::Worker> Client::UndrainWorker(const std::string& name, const std::string& reason) {
  v1::UndrainWorkerRequest request;
  request.set_name(name);
  request.set_reason(reason);
  request.set_request_id(RandomRequestId());
  return stubs_->Call(*stubs_->workers, &v1::WorkerService::Stub::UndrainWorker, request);
}

Result<v1::Job> Client::GetJob(const std::string& name) {
  v1::GetJobRequest request;
  request.set_name(name);
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::GetJob, request);
}

Result<std::vector<v1::Job>> Client::ListJobs(const std::string& parent) {
  v1::ListJobsRequest request;
  request.set_parent(parent);
  std::vector<v1::Job> all;
  OPTFLEET_RETURN_IF_ERROR(stubs_->Pages(*stubs_->jobs, &v1::JobService::Stub::ListJobs, request,
                                         [&](const v1::ListJobsResponse& page) {
                                           all.insert(all.end(), page.jobs().begin(), page.jobs().end());
                                         }));
  return all;
}

Result<v1::ListMeasurementsResponse> Client::ListMeasurements() {
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::ListMeasurements, v1::ListMeasurementsRequest());
}

Result<v1::Job> Client::CancelJob(const std::string& name, const std::string& reason) {
  v1::CancelJobRequest request;
  request.set_name(name);
  request.set_reason(reason);
  request.set_request_id(RandomRequestId());
  return stubs_->Call(*stubs_->jobs, &v1::JobService::Stub::CancelJob, request);
}

Result<v1::Attempt> Client::GetAttempt(const std::string& name) {
  v1::GetAttemptRequest request;
  request.set_name(name);
  return stubs_->Call(*stubs_->attempts, &v1::AttemptService::Stub::GetAttempt, request);
}

Result<std::vector<v1::Attempt>> Client::ListAttempts(const std::string& job) {
  v1::ListAttemptsRequest request;
  request.set_parent(job);
  std::vector<v1::Attempt> all;
  OPTFLEET_RETURN_IF_ERROR(stubs_->Pages(*stubs_->attempts, &v1::AttemptService::Stub::ListAttempts, request,
                                         [&](const v1::ListAttemptsResponse& page) {
                                           all.insert(all.end(), page.attempts().begin(),
                                                      page.attempts().end());
                                         }));
  return all;
}

Result<v1::GetAttemptLogResponse> Client::GetAttemptLog(const std::string& attempt) {
  v1::GetAttemptLogRequest request;
  request.set_name(attempt);
  return stubs_->Call(*stubs_->attempts, &v1::AttemptService::Stub::GetAttemptLog, request);
}

Result<v1::QueryMetricsResponse> Client::QueryMetrics(const std::string& job,
                                                      const std::vector<std::string>& keys, int buckets) {
  v1::QueryMetricsRequest request;
  request.set_job(job);
  for (const std::string& key : keys) request.add_keys(key);
  request.set_buckets(buckets);
  return stubs_->Call(*stubs_->metrics, &v1::MetricService::Stub::QueryMetrics, request);
}

Result<std::vector<v1::Worker>> Client::ListWorkers() {
  std::vector<v1::Worker> all;
  OPTFLEET_RETURN_IF_ERROR(stubs_->Pages(*stubs_->workers, &v1::WorkerService::Stub::ListWorkers,
                                         v1::ListWorkersRequest(), [&](const v1::ListWorkersResponse& page) {
                                           all.insert(all.end(), page.workers().begin(),
                                                      page.workers().end());
                                         }));
  return all;
}

Result<std::vector<v1::Checkpoint>> Client::ListCheckpoints(const std::string& parent) {
  v1::ListCheckpointsRequest request;
  request.set_parent(parent);
  std::vector<v1::Checkpoint> all;
  OPTFLEET_RETURN_IF_ERROR(stubs_->Pages(*stubs_->checkpoints, &v1::CheckpointService::Stub::ListCheckpoints,
                                         request, [&](const v1::ListCheckpointsResponse& page) {
                                           all.insert(all.end(), page.checkpoints().begin(),
                                                      page.checkpoints().end());
                                         }));
  return all;
}

Result<v1::Checkpoint> Client::PinCheckpoint(const std::string& name, bool pin, const std::string& reason) {
  const auto fill = [&](auto request) {
    request.set_name(name);
    request.set_reason(reason);
    request.set_request_id(RandomRequestId());
    return request;
  };
  if (!pin)
    return stubs_->Call(*stubs_->checkpoints, &v1::CheckpointService::Stub::UnpinCheckpoint,
                        fill(v1::UnpinCheckpointRequest()));
  return stubs_->Call(*stubs_->checkpoints, &v1::CheckpointService::Stub::PinCheckpoint,
                      fill(v1::PinCheckpointRequest()));
}

Result<v1::Backup> Client::CreateBackup() {
  return stubs_->Call(*stubs_->maintenance, &v1::MaintenanceService::Stub::CreateBackup,
                      v1::CreateBackupRequest());
}

Result<v1::Backup> Client::GetBackup(const std::string& name) {
  v1::GetBackupRequest request;
  request.set_name(name);
  return stubs_->Call(*stubs_->maintenance, &v1::MaintenanceService::Stub::GetBackup, request);
}

Result<std::string> Client::ReadBackup(const std::string& name, const std::string& file, int64_t offset) {
  v1::ReadBackupRequest request;
  request.set_name(name);
  request.set_file(file);
  request.set_offset(offset);
  auto piece = stubs_->Call(*stubs_->maintenance, &v1::MaintenanceService::Stub::ReadBackup, request);
  if (!piece) return Fail(std::move(piece).error());
  return std::move(*piece->mutable_data());
}

Status Client::DeleteBackup(const std::string& name) {
  v1::DeleteBackupRequest request;
  request.set_name(name);
  const auto deleted =
      stubs_->Call(*stubs_->maintenance, &v1::MaintenanceService::Stub::DeleteBackup, request);
  if (!deleted) return Fail(deleted.error());
  return {};
}

Result<v1::Diagnosis> Client::Diagnose(bool check_databases) {
  v1::DiagnoseRequest request;
  request.set_check_databases(check_databases);
  return stubs_->Call(*stubs_->maintenance, &v1::MaintenanceService::Stub::Diagnose, request);
}

}  // namespace optfleet::commands
