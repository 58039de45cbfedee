#include <optional>
#include <utility>

#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/page_token.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/sweep_replies.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

constexpr const char* kAllSweeps = "sweeps/-";

void GetJob(Backend* backend, const v1::GetJobRequest& request, const Reply<v1::Job>& reply) {
  const auto name = JobNameFrom("name", request.name());
  if (!name) return ReplyError(reply, name.error());
  ReplyJob(backend, *name, reply);
}

void CancelJob(Backend* backend, const v1::CancelJobRequest& request, const Reply<v1::Job>& reply) {
  const auto name = JobNameFrom("name", request.name());
  if (!name) return ReplyError(reply, name.error());
  if (auto bad = CheckText("reason", request.reason(), kMaxTextBytes))
    return ReplyError(reply, *std::move(bad));
  if (auto bad = CheckRequestId(request.request_id())) return ReplyError(reply, *std::move(bad));
  ReplyFromEngine<engine::JobAnswer>(
      backend, engine::CancelJob{request.request_id(), *name, request.reason()}, reply,
      [resource = request.name()](const Error& error) { return AboutResource(error, kJobType, resource); },
      [backend, reply](const engine::JobAnswer& answer) { ReplyJob(backend, answer.job, reply); });
}

void ListJobs(Backend* backend, const v1::ListJobsRequest& request,
              const Reply<v1::ListJobsResponse>& reply) {
  using Response = v1::ListJobsResponse;
  std::optional<std::string> sweep;
  if (request.parent() != kAllSweeps) {
    const auto id = SweepIdFrom("parent", request.parent());
    if (!id) return ReplyError(reply, id.error());
    sweep = *id;
  }
  const auto size = PageSize(request.page_size());
  if (!size) return ReplyError(reply, size.error());
  const std::string binding = "ListJobs " + request.parent();
  const auto token = ReadPageToken(request.page_token(), binding);
  if (!token) return ReplyError(reply, token.error());
  ReplyFromRead<Response>(
      backend, reply,
      [sweep, binding, parent = request.parent(), size = *size,
       after = ParseJobResource(*token)](store::ReadStore& store) -> RpcResult<Response> {
        auto views = store.ListJobs(sweep, after, size + 1);
        if (!views) return tl::make_unexpected(AboutResource(views.error(), kSweepType, parent));
        Response response;
        if (views->size() > static_cast<size_t>(size)) {
          views->resize(static_cast<size_t>(size));
          response.set_next_page_token(MakePageToken(binding, ToResource(views->back().job.name())));
        }
        for (const store::JobView& view : *views) *response.add_jobs() = ToWire(view);
        return response;
      });
}

std::optional<double> Figure(const domain::Figures& final, const std::string& key) {
  const auto found = final.find(key);
  return found == final.end() ? std::nullopt : std::optional(found->second);
}

v1::Measurement ToWire(store::MeasuredJob job) {
  v1::Measurement measurement;
  measurement.set_job(ToResource(job.name));
  measurement.set_spec_json(std::move(job.spec_json));
  measurement.set_device(static_cast<v1::Slot::Kind>(job.device.kind));
  measurement.set_model(std::move(job.device.model));
  measurement.set_threads(job.device.threads);
  measurement.set_slots(job.slots);
  measurement.set_steps(job.steps);
  measurement.set_train_seconds(Figure(job.final, "train_seconds").value_or(0));
  if (const auto seconds = Figure(job.final, "validation_seconds"))
    measurement.set_validation_seconds(*seconds);
  measurement.set_checkpoint_seconds(Figure(job.final, "checkpoint_seconds").value_or(0));
  if (job.held_seconds) measurement.set_held_seconds(*job.held_seconds);
  return measurement;
}

void ListMeasurements(Backend* backend, const v1::ListMeasurementsRequest&,
                      const Reply<v1::ListMeasurementsResponse>& reply) {
  using Response = v1::ListMeasurementsResponse;
  ReplyFromRead<Response>(backend, reply, [](store::ReadStore& store) -> RpcResult<Response> {
    auto jobs = store.ListMeasuredJobs({});
    if (!jobs) return tl::make_unexpected(FromError(jobs.error()));
    Response response;
    for (store::MeasuredJob& job : *jobs) *response.add_measurements() = ToWire(std::move(job));
    return response;
  });
}

}  // namespace

void AddJobMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::GetJobRequest, v1::Job>("/optfleet.v1.JobService/GetJob", true,
                                           std::bind_front(&GetJob, backend));
  methods->Add<v1::ListJobsRequest, v1::ListJobsResponse>("/optfleet.v1.JobService/ListJobs", true,
                                                          std::bind_front(&ListJobs, backend));
  methods->Add<v1::ListMeasurementsRequest, v1::ListMeasurementsResponse>(
      "/optfleet.v1.JobService/ListMeasurements", true, std::bind_front(&ListMeasurements, backend));
  methods->Add<v1::CancelJobRequest, v1::Job>("/optfleet.v1.JobService/CancelJob", true,
                                              std::bind_front(&CancelJob, backend));
}

}  // namespace optfleet::rpc
