#include "tests/optctl/fake_coordinator.h"

#include <algorithm>

namespace optfleet::commands {
namespace {

using grpc::ServerContext;
using grpc::Status;

Status NotFound(const std::string& name) {
  return Status(grpc::StatusCode::NOT_FOUND, "there is no " + name);
}

template <typename Message>
Status Find(const std::vector<Message>& all, const std::string& name, Message* out) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Message& m) { return m.name() == name; });
  if (found == all.end()) return NotFound(name);
  *out = *found;
  return Status::OK;
}

// Pages of two, so that every list of the tests has several.
template <typename Message, typename Add>
void Page(const std::vector<Message>& all, const std::string& prefix, const std::string& token, Add add,
          std::string* next) {
  std::vector<Message> matching;
  for (const Message& message : all) {
    if (message.name().starts_with(prefix)) matching.push_back(message);
  }
  constexpr size_t kPage = 2;
  const size_t begin = token.empty() ? 0 : std::stoul(token);
  for (size_t i = begin; i < std::min(begin + kPage, matching.size()); ++i) add(matching[i]);
  *next = begin + kPage < matching.size() ? std::to_string(begin + kPage) : "";
}

}  // namespace

struct FakeCoordinator::Services final : v1::SweepService::Service,
                                         v1::JobService::Service,
                                         v1::AttemptService::Service,
                                         v1::CheckpointService::Service,
                                         v1::MetricService::Service,
                                         v1::WorkerService::Service,
                                         v1::EventService::Service,
                                         v1::SystemService::Service {
  std::vector<FakeData> stages;
  size_t stage = 0;
  bool listed = false;
  std::vector<v1::CreateSweepRequest> creations;
  std::vector<std::string> cancellations;
  mutable std::mutex mutex;

  const FakeData& Now() const { return stages[stage]; }

  Status CreateSweep(ServerContext*, const v1::CreateSweepRequest* request, v1::Sweep* out) override {
    const std::lock_guard lock(mutex);
    creations.push_back(*request);
    if (request->sweep_id() == "taken")
      return Status(grpc::StatusCode::ALREADY_EXISTS, "sweeps/taken exists with other content");
    *out = Now().sweeps.front();
    return Status::OK;
  }
  // Every job has a place, unless the sweep asks for slots: then the last two of five have none.
  Status PlanSweep(ServerContext*, const v1::PlanSweepRequest* request, v1::PlanSweepResponse* out) override {
    out->set_job_count(5);
    out->set_worker_count(2);
    for (const std::string& text : request->sweep().overrides()) {
      if (!text.starts_with("resources.slots")) continue;
      v1::PlanSweepResponse::Misfit* misfit = out->add_misfits();
      misfit->set_job_count(2);
      misfit->add_jobs(4);
      misfit->add_jobs(5);
      misfit->set_reason("it needs 2 slots on one worker, and none has so many");
    }
    return Status::OK;
  }
  Status ListMeasurements(ServerContext*, const v1::ListMeasurementsRequest*,
                          v1::ListMeasurementsResponse* out) override {
    const std::lock_guard lock(mutex);
    for (const v1::Measurement& measurement : Now().measurements) *out->add_measurements() = measurement;
    return Status::OK;
  }
  Status GetSweep(ServerContext*, const v1::GetSweepRequest* request, v1::Sweep* out) override {
    const std::lock_guard lock(mutex);
    return Find(Now().sweeps, request->name(), out);
  }
  Status ListSweeps(ServerContext*, const v1::ListSweepsRequest* request,
                    v1::ListSweepsResponse* out) override {
    const std::lock_guard lock(mutex);
    Page(
        Now().sweeps, "", request->page_token(), [&](const v1::Sweep& sweep) { *out->add_sweeps() = sweep; },
        out->mutable_next_page_token());
    return Status::OK;
  }
  Status CancelSweep(ServerContext*, const v1::CancelSweepRequest* request, v1::Sweep* out) override {
    const std::lock_guard lock(mutex);
    cancellations.push_back(request->name() + ": " + request->reason());
    const Status status = Find(Now().sweeps, request->name(), out);
    out->set_state(v1::Sweep::STATE_CANCELLED);
    return status;
  }
  Status PauseSweep(ServerContext*, const v1::PauseSweepRequest* request, v1::Sweep* out) override {
    const Status status = Find(Now().sweeps, request->name(), out);
    out->set_pause(request->keep_running() ? v1::PAUSE_KEEP_RUNNING : v1::PAUSE_STOP_RUNNING);
    return status;
  }
  Status ResumeSweep(ServerContext*, const v1::ResumeSweepRequest* request, v1::Sweep* out) override {
    return Find(Now().sweeps, request->name(), out);
  }
  Status UpdateSweep(ServerContext*, const v1::UpdateSweepRequest* request, v1::Sweep* out) override {
    const Status status = Find(Now().sweeps, request->sweep().name(), out);
    for (const std::string& path : request->update_mask().paths()) {
      if (path == "priority") out->set_priority(request->sweep().priority());
      if (path == "max_running") out->set_max_running(request->sweep().max_running());
      if (path == "guard") out->clear_guard();
      if (path == "guard.device_hours")
        out->mutable_guard()->set_device_hours(request->sweep().guard().device_hours());
    }
    return status;
  }
  Status ExtendSweep(ServerContext*, const v1::ExtendSweepRequest* request,
                     v1::ExtendSweepResponse* out) override {
    out->set_new_jobs(1);
    out->set_known_points(4);
    const Status found = Find(Now().sweeps, request->name(), out->mutable_sweep());
    // A sweep with stages would have one more.
    if (v1::Sweep* sweep = out->mutable_sweep(); sweep->stages_size() > 0) {
      out->set_new_jobs(0);
      v1::Stage* decay = sweep->add_stages();
      decay->set_name("decay");
      decay->set_base("best(seeds)");
    }
    return found;
  }
  Status CancelJobs(ServerContext*, const v1::CancelJobsRequest* request,
                    v1::CancelJobsResponse* out) override {
    const std::lock_guard lock(mutex);
    for (const int32_t job : request->jobs())
      cancellations.push_back(request->parent() + "/jobs/" + std::to_string(job) + ": " + request->reason());
    return Find(Now().sweeps, request->parent(), out->mutable_sweep());
  }
  Status RetryJobs(ServerContext*, const v1::RetryJobsRequest* request, v1::RetryJobsResponse* out) override {
    *out->mutable_jobs() = request->jobs();
    return Find(Now().sweeps, request->parent(), out->mutable_sweep());
  }
  // Waits for the slots of two workers, or has ended, as the job stands.
  Status ExplainJob(ServerContext*, const v1::ExplainJobRequest* request,
                    v1::ExplainJobResponse* out) override {
    const Status status = Find(Now().jobs, request->name(), out->mutable_job());
    if (!status.ok()) return status;
    v1::Event* event = out->add_events();
    event->mutable_time()->set_seconds(1'800'000'000);
    event->set_subject(request->name());
    event->set_what("queued");
    event->set_reason("attempt 1 was lost: worker gpu01 was not heard of for 10 min");
    if (out->job().state() != v1::Job::STATE_QUEUED) {
      out->set_reason("it ended diverged: the loss is not finite");
      return status;
    }
    out->set_reason("its checkpoint is on worker gpu01: its only slot is taken");
    out->set_ahead(2);
    out->set_queued(9);
    out->add_holders("sweeps/lr/jobs/3/attempts/1");
    v1::ExplainJobResponse::Worker* busy = out->add_workers();
    busy->set_name("workers/gpu01");
    busy->set_reason("has no slot free");
    busy->set_release("a slot is expected to be free at 10:15:00");
    v1::ExplainJobResponse::Worker* other = out->add_workers();
    other->set_name("workers/laptop");
    other->set_reason("is not the one that has the job's checkpoint");
    return status;
  }
  Status ListEvents(ServerContext*, const v1::ListEventsRequest* request,
                    v1::ListEventsResponse* out) override {
    for (const char* what : {"created", "paused"}) {
      v1::Event* event = out->add_events();
      event->mutable_time()->set_seconds(1'800'000'000 + 3600 * out->events_size());
      event->set_subject(request->parent());
      event->set_what(what);
      event->set_reason(out->events_size() == 1 ? "4 jobs"
                                                : "running attempts stop after a checkpoint: lunch");
    }
    return Status::OK;
  }
  Status DrainWorker(ServerContext*, const v1::DrainWorkerRequest* request, v1::Worker* out) override {
    return Find(Now().workers, request->name(), out);
  }
  Status UndrainWorker(ServerContext*, const v1::UndrainWorkerRequest* request, v1::Worker* out) override {
    return Find(Now().workers, request->name(), out);
  }
  Status GetJob(ServerContext*, const v1::GetJobRequest* request, v1::Job* out) override {
    const std::lock_guard lock(mutex);
    return Find(Now().jobs, request->name(), out);
  }
  Status ListJobs(ServerContext*, const v1::ListJobsRequest* request, v1::ListJobsResponse* out) override {
    const std::lock_guard lock(mutex);
    if (request->page_token().empty()) {
      if (listed) stage = std::min(stage + 1, stages.size() - 1);
      listed = true;
    }
    const std::string prefix = request->parent() == "sweeps/-" ? "" : request->parent() + "/";
    Page(
        Now().jobs, prefix, request->page_token(), [&](const v1::Job& job) { *out->add_jobs() = job; },
        out->mutable_next_page_token());
    return Status::OK;
  }
  Status CancelJob(ServerContext*, const v1::CancelJobRequest* request, v1::Job* out) override {
    const std::lock_guard lock(mutex);
    cancellations.push_back(request->name() + ": " + request->reason());
    return Find(Now().jobs, request->name(), out);
  }
  Status GetAttempt(ServerContext*, const v1::GetAttemptRequest* request, v1::Attempt* out) override {
    const std::lock_guard lock(mutex);
    return Find(Now().attempts, request->name(), out);
  }
  Status ListAttempts(ServerContext*, const v1::ListAttemptsRequest* request,
                      v1::ListAttemptsResponse* out) override {
    const std::lock_guard lock(mutex);
    Page(
        Now().attempts, request->parent() + "/", request->page_token(),
        [&](const v1::Attempt& attempt) { *out->add_attempts() = attempt; }, out->mutable_next_page_token());
    return Status::OK;
  }
  Status GetAttemptLog(ServerContext*, const v1::GetAttemptLogRequest* request,
                       v1::GetAttemptLogResponse* out) override {
    const std::lock_guard lock(mutex);
    const auto log = Now().logs.find(request->name());
    if (log == Now().logs.end()) return NotFound(request->name());
    out->set_text(log->second);
    out->set_skipped_bytes(2048);
    return Status::OK;
  }
  Status ListCheckpoints(ServerContext*, const v1::ListCheckpointsRequest* request,
                         v1::ListCheckpointsResponse* out) override {
    const std::lock_guard lock(mutex);
    Page(
        Now().checkpoints, request->parent() + "/", request->page_token(),
        [&](const v1::Checkpoint& checkpoint) { *out->add_checkpoints() = checkpoint; },
        out->mutable_next_page_token());
    return Status::OK;
  }
  Status PinCheckpoint(ServerContext*, const v1::PinCheckpointRequest* request,
                       v1::Checkpoint* out) override {
    const std::lock_guard lock(mutex);
    const Status status = Find(Now().checkpoints, request->name(), out);
    out->set_pinned(true);
    if (out->state() != v1::Checkpoint::STATE_DELETING) return status;
    return Status(grpc::StatusCode::FAILED_PRECONDITION,
                  request->name() + " can no longer be pinned: worker gpu01 was told to delete it");
  }
  Status UnpinCheckpoint(ServerContext*, const v1::UnpinCheckpointRequest* request,
                         v1::Checkpoint* out) override {
    const std::lock_guard lock(mutex);
    const Status status = Find(Now().checkpoints, request->name(), out);
    out->set_pinned(false);
    return status;
  }
  Status QueryMetrics(ServerContext*, const v1::QueryMetricsRequest*,
                      v1::QueryMetricsResponse* out) override {
    const std::lock_guard lock(mutex);
    *out->add_series() = Now().series;
    return Status::OK;
  }
  Status ListWorkers(ServerContext*, const v1::ListWorkersRequest* request,
                     v1::ListWorkersResponse* out) override {
    const std::lock_guard lock(mutex);
    Page(
        Now().workers, "", request->page_token(),
        [&](const v1::Worker& worker) { *out->add_workers() = worker; }, out->mutable_next_page_token());
    return Status::OK;
  }
  Status GetInfo(ServerContext*, const v1::GetInfoRequest*, v1::GetInfoResponse* out) override {
    out->set_version("0.1.0");
    out->set_wire_version(1);
    out->set_schema_version(3);
    out->set_incarnation(1);
    out->set_http_address("127.0.0.1:7071");
    return Status::OK;
  }
};

FakeCoordinator::FakeCoordinator(std::vector<FakeData> stages) : services_(std::make_unique<Services>()) {
  services_->stages = std::move(stages);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(static_cast<v1::SweepService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::JobService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::AttemptService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::CheckpointService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::MetricService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::WorkerService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::EventService::Service*>(services_.get()));
  builder.RegisterService(static_cast<v1::SystemService::Service*>(services_.get()));
  server_ = builder.BuildAndStart();
}

FakeCoordinator::~FakeCoordinator() { server_->Shutdown(std::chrono::system_clock::now()); }

std::vector<v1::CreateSweepRequest> FakeCoordinator::created() const {
  const std::lock_guard lock(services_->mutex);
  return services_->creations;
}

std::vector<std::string> FakeCoordinator::cancelled() const {
  const std::lock_guard lock(services_->mutex);
  return services_->cancellations;
}

}  // namespace optfleet::commands
