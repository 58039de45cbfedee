// Why things are as they are: ExplainJob, and the history.
#include <utility>

#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/page_token.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

constexpr int32_t kEventsShown = 20;

void AddWaiting(const engine::ExplainAnswer& answer, v1::ExplainJobResponse* response) {
  if (answer.not_before) *response->mutable_not_before_time() = ToWire(*answer.not_before);
  if (!answer.waiting) return;
  response->set_ahead(answer.ahead);
  response->set_queued(answer.queued);
  for (const scheduler::WorkerVerdict& verdict : answer.waiting->workers) {
    v1::ExplainJobResponse::Worker* worker = response->add_workers();
    worker->set_name(WorkerResource(verdict.worker));
    worker->set_fits(verdict.constraint == scheduler::Constraint::kNone);
    worker->set_reason(verdict.text);
    worker->set_release(verdict.release);
  }
  for (const std::string& holder : answer.holders) response->add_holders(holder);
  if (const auto& reservation = answer.waiting->reservation) {
    std::string text = WorkerResource(reservation->worker) + " slots";
    for (const int32_t slot : reservation->slots)
      text += (text.back() == 's' ? " " : ", ") + std::to_string(slot);
    response->set_reserved(text);
  }
}

// What the store knows: the job itself and its history.
RpcResult<v1::ExplainJobResponse> Complete(store::ReadStore& store, const JobName& name,
                                           v1::ExplainJobResponse response) {
  const std::string resource = ToResource(name);
  const auto view = store.GetJob(name);
  if (!view) return tl::make_unexpected(AboutResource(view.error(), kJobType, resource));
  *response.mutable_job() = ToWire(*view);
  const auto events = store.ListNewestEvents(resource, kEventsShown);
  if (!events) return tl::make_unexpected(FromError(events.error()));
  for (const domain::Event& event : *events) *response.add_events() = ToWire(event);
  if (response.reason().empty()) {
    const domain::JobStatus& status = view->job.status;
    response.set_reason(status.outcome ? "it ended " + std::string(OutcomeName(*status.outcome)) +
                                             (status.reason.empty() ? "" : ": " + status.reason)
                                       : status.reason);
  }
  return response;
}

void ExplainJob(Backend* backend, const v1::ExplainJobRequest& request,
                const Reply<v1::ExplainJobResponse>& reply) {
  const auto name = JobNameFrom("name", request.name());
  if (!name) return ReplyError(reply, name.error());
  const bool taken =
      backend->Post(engine::ExplainJob{*name}, [backend, reply, name = *name](const engine::Answer& answer) {
        v1::ExplainJobResponse response;
        if (const auto* error = std::get_if<Error>(&answer); error && error->code() != Code::kNotFound)
          return ReplyError(reply, FromError(*error));
        if (const auto* open = std::get_if<engine::ExplainAnswer>(&answer)) {
          response.set_reason(open->reason);
          AddWaiting(*open, &response);
        }
        ReplyFromRead<v1::ExplainJobResponse>(
            backend, reply, [name, response = std::move(response)](store::ReadStore& store) {
              return Complete(store, name, response);
            });
      });
  if (!taken) ReplyError(reply, Overloaded("engine", kRetryInput));
}

bool IsResource(const std::string& name) {
  return ParseSweepResource(name) || ParseJobResource(name) || ParseAttemptResource(name) ||
         ParseWorkerResource(name);
}

void ListEvents(Backend* backend, const v1::ListEventsRequest& request,
                const Reply<v1::ListEventsResponse>& reply) {
  using Response = v1::ListEventsResponse;
  if (!IsResource(request.parent())) {
    return ReplyError(reply, BadField("parent", "must be the name of a sweep, job, attempt or worker"));
  }
  const auto size = PageSize(request.page_size());
  if (!size) return ReplyError(reply, size.error());
  const std::string binding = "ListEvents " + request.parent();
  const auto token = ReadPageToken(request.page_token(), binding);
  if (!token) return ReplyError(reply, token.error());
  const int64_t skip = token->empty() ? 0 : std::stoll(*token);
  ReplyFromRead<Response>(
      backend, reply,
      [binding, parent = request.parent(), size = *size,
       skip](store::ReadStore& store) -> RpcResult<Response> {
        auto events = store.ListEvents(parent, skip, size + 1);
        if (!events) return tl::make_unexpected(FromError(events.error()));
        Response response;
        if (events->size() > static_cast<size_t>(size)) {
          events->resize(static_cast<size_t>(size));
          response.set_next_page_token(MakePageToken(binding, std::to_string(skip + size)));
        }
        for (const domain::Event& event : *events) *response.add_events() = ToWire(event);
        return response;
      });
}

}  // namespace

void AddExplainMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::ExplainJobRequest, v1::ExplainJobResponse>("/optfleet.v1.JobService/ExplainJob", true,
                                                              std::bind_front(&ExplainJob, backend));
  methods->Add<v1::ListEventsRequest, v1::ListEventsResponse>("/optfleet.v1.EventService/ListEvents", true,
                                                              std::bind_front(&ListEvents, backend));
}

}  // namespace optfleet::rpc
