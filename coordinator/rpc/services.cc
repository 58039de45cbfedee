#include "coordinator/rpc/services.h"

#include "coordinator/rpc/maintenance.h"
#include "coordinator/rpc/rpc_error.h"
#include "optfleet/v1/operator.grpc.pb.h"
#include "optfleet/v1/worker.grpc.pb.h"

namespace optfleet::rpc {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

Reactor* Serve(const MethodTable& methods, std::string_view path, Context* context,
               const google::protobuf::Message& request, google::protobuf::Message* response) {
  Reactor* reactor =
      context->DefaultReactor();  // owned by the context; lives until Finish was called and sent
  methods.Call(path, request, response, [reactor](const std::optional<RpcError>& error) {
    reactor->Finish(error ? ToGrpcStatus(*error) : grpc::Status::OK);
  });
  return reactor;
}

class SweepService final : public v1::SweepService::CallbackService {
 public:
  explicit SweepService(const MethodTable& methods) : methods_(methods) {}

  Reactor* CreateSweep(Context* context, const v1::CreateSweepRequest* request,
                       v1::Sweep* response) override {
    return Serve(methods_, "/optfleet.v1.SweepService/CreateSweep", context, *request, response);
  }

  Reactor* PlanSweep(Context* context, const v1::PlanSweepRequest* request,
                     v1::PlanSweepResponse* response) override {
    return Serve(methods_, "/optfleet.v1.SweepService/PlanSweep", context, *request, response);
  }

  Reactor* GetSweep(Context* context, const v1::GetSweepRequest* request, v1::Sweep* response) override {
    return Serve(methods_, "/optfleet.v1.SweepService/GetSweep", context, *request, response);
  }

  Reactor* ListSweeps(Context* context, const v1::ListSweepsRequest* request,
                      v1::ListSweepsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.SweepService/ListSweeps", context, *request, response);
  }

  Reactor* CancelSweep(Context* context, const v1::CancelSweepRequest* request,
                       v1::Sweep* response) override {
    return Serve(methods_, "/optfleet.v1.SweepService/CancelSweep", context, *request, response);
  }

  Reactor* UpdateSweep(Context* context, const v1::UpdateSweepRequest* request,
                       v1::Sweep* response) override {
    return Serve(methods_, "/optfleet.v1.SweepService/UpdateSweep", context, *request, response);
  }

  Reactor* PauseSweep(Context* context, const v1::PauseSweepRequest* request, v1::Sweep* response) override {
    return Serve(methods_, "/optfleet.v1.SweepService/PauseSweep", context, *request, response);
  }

  Reactor* ResumeSweep(Context* context, const v1::ResumeSweepRequest* request,
                       v1::Sweep* response) override {
    return Serve(methods_, "/optfleet.v1.SweepService/ResumeSweep", context, *request, response);
  }

  Reactor* ExtendSweep(Context* context, const v1::ExtendSweepRequest* request,
                       v1::ExtendSweepResponse* response) override {
    return Serve(methods_, "/optfleet.v1.SweepService/ExtendSweep", context, *request, response);
  }

 private:
  const MethodTable& methods_;
};

class JobService final : public v1::JobService::CallbackService {
 public:
  explicit JobService(const MethodTable& methods) : methods_(methods) {}

  Reactor* GetJob(Context* context, const v1::GetJobRequest* request, v1::Job* response) override {
    return Serve(methods_, "/optfleet.v1.JobService/GetJob", context, *request, response);
  }

  Reactor* ListJobs(Context* context, const v1::ListJobsRequest* request,
                    v1::ListJobsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.JobService/ListJobs", context, *request, response);
  }

  Reactor* ListMeasurements(Context* context, const v1::ListMeasurementsRequest* request,
                            v1::ListMeasurementsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.JobService/ListMeasurements", context, *request, response);
  }

  Reactor* CancelJob(Context* context, const v1::CancelJobRequest* request, v1::Job* response) override {
    return Serve(methods_, "/optfleet.v1.JobService/CancelJob", context, *request, response);
  }

  Reactor* CancelJobs(Context* context, const v1::CancelJobsRequest* request,
                      v1::CancelJobsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.JobService/CancelJobs", context, *request, response);
  }

  Reactor* RetryJobs(Context* context, const v1::RetryJobsRequest* request,
                     v1::RetryJobsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.JobService/RetryJobs", context, *request, response);
  }

  Reactor* ExplainJob(Context* context, const v1::ExplainJobRequest* request,
                      v1::ExplainJobResponse* response) override {
    return Serve(methods_, "/optfleet.v1.JobService/ExplainJob", context, *request, response);
  }

 private:
  const MethodTable& methods_;
};

class AttemptService final : public v1::AttemptService::CallbackService {
 public:
  explicit AttemptService(const MethodTable& methods) : methods_(methods) {}

  Reactor* GetAttempt(Context* context, const v1::GetAttemptRequest* request,
                      v1::Attempt* response) override {
    return Serve(methods_, "/optfleet.v1.AttemptService/GetAttempt", context, *request, response);
  }

  Reactor* ListAttempts(Context* context, const v1::ListAttemptsRequest* request,
                        v1::ListAttemptsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.AttemptService/ListAttempts", context, *request, response);
  }

  Reactor* GetAttemptLog(Context* context, const v1::GetAttemptLogRequest* request,
                         v1::GetAttemptLogResponse* response) override {
    return Serve(methods_, "/optfleet.v1.AttemptService/GetAttemptLog", context, *request, response);
  }

 private:
  const MethodTable& methods_;
};

class CheckpointService final : public v1::CheckpointService::CallbackService {
 public:
  explicit CheckpointService(const MethodTable& methods) : methods_(methods) {}

  Reactor* ListCheckpoints(Context* context, const v1::ListCheckpointsRequest* request,
                           v1::ListCheckpointsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.CheckpointService/ListCheckpoints", context, *request, response);
  }

  Reactor* PinCheckpoint(Context* context, const v1::PinCheckpointRequest* request,
                         v1::Checkpoint* response) override {
    return Serve(methods_, "/optfleet.v1.CheckpointService/PinCheckpoint", context, *request, response);
  }

  Reactor* UnpinCheckpoint(Context* context, const v1::UnpinCheckpointRequest* request,
                           v1::Checkpoint* response) override {
    return Serve(methods_, "/optfleet.v1.CheckpointService/UnpinCheckpoint", context, *request, response);
  }

 private:
  const MethodTable& methods_;
};

class MetricService final : public v1::MetricService::CallbackService {
 public:
  explicit MetricService(const MethodTable& methods) : methods_(methods) {}

  Reactor* QueryMetrics(Context* context, const v1::QueryMetricsRequest* request,
                        v1::QueryMetricsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.MetricService/QueryMetrics", context, *request, response);
  }

 private:
  const MethodTable& methods_;
};

class WorkerService final : public v1::WorkerService::CallbackService {
 public:
  explicit WorkerService(const MethodTable& methods) : methods_(methods) {}

  Reactor* ListWorkers(Context* context, const v1::ListWorkersRequest* request,
                       v1::ListWorkersResponse* response) override {
    return Serve(methods_, "/optfleet.v1.WorkerService/ListWorkers", context, *request, response);
  }

  Reactor* DrainWorker(Context* context, const v1::DrainWorkerRequest* request,
                       v1::Worker* response) override {
    return Serve(methods_, "/optfleet.v1.WorkerService/DrainWorker", context, *request, response);
  }

  Reactor* UndrainWorker(Context* context, const v1::UndrainWorkerRequest* request,
                         v1::Worker* response) override {
    return Serve(methods_, "/optfleet.v1.WorkerService/UndrainWorker", context, *request, response);
  }

 private:
  const MethodTable& methods_;
};

class EventService final : public v1::EventService::CallbackService {
 public:
  explicit EventService(const MethodTable& methods) : methods_(methods) {}

  Reactor* ListEvents(Context* context, const v1::ListEventsRequest* request,
                      v1::ListEventsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.EventService/ListEvents", context, *request, response);
  }

 private:
  const MethodTable& methods_;
};

class SystemService final : public v1::SystemService::CallbackService {
 public:
  explicit SystemService(const MethodTable& methods) : methods_(methods) {}

  Reactor* GetInfo(Context* context, const v1::GetInfoRequest* request,
                   v1::GetInfoResponse* response) override {
    return Serve(methods_, "/optfleet.v1.SystemService/GetInfo", context, *request, response);
  }

 private:
  const MethodTable& methods_;
};

class AgentService final : public v1::AgentService::CallbackService {
 public:
  explicit AgentService(const MethodTable& methods) : methods_(methods) {}

  Reactor* Synchronize(Context* context, const v1::SynchronizeRequest* request,
                       v1::SynchronizeResponse* response) override {
    return Serve(methods_, "/optfleet.v1.AgentService/Synchronize", context, *request, response);
  }

  Reactor* ReportMetrics(Context* context, const v1::ReportMetricsRequest* request,
                         v1::ReportMetricsResponse* response) override {
    return Serve(methods_, "/optfleet.v1.AgentService/ReportMetrics", context, *request, response);
  }

 private:
  const MethodTable& methods_;
};

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeServices(const MethodTable& methods) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<SweepService>(methods));
  services.push_back(std::make_unique<JobService>(methods));
  services.push_back(std::make_unique<AttemptService>(methods));
  services.push_back(std::make_unique<CheckpointService>(methods));
  services.push_back(std::make_unique<MetricService>(methods));
  services.push_back(std::make_unique<WorkerService>(methods));
  services.push_back(std::make_unique<EventService>(methods));
  services.push_back(std::make_unique<SystemService>(methods));
  services.push_back(std::make_unique<AgentService>(methods));
  services.push_back(MakeMaintenanceService(methods));
  return services;
}

std::vector<std::string> ServiceNames() {
  return {v1::SweepService::service_full_name(),   v1::JobService::service_full_name(),
          v1::AttemptService::service_full_name(), v1::CheckpointService::service_full_name(),
          v1::MetricService::service_full_name(),  v1::WorkerService::service_full_name(),
          v1::EventService::service_full_name(),   v1::SystemService::service_full_name(),
          v1::AgentService::service_full_name(),   MaintenanceServiceName()};
}

}  // namespace optfleet::rpc
