#include <utility>

#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/page_token.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

void GetAttempt(Backend* backend, const v1::GetAttemptRequest& request, const Reply<v1::Attempt>& reply) {
  const auto name = AttemptNameFrom("name", request.name());
  if (!name) return ReplyError(reply, name.error());
  ReplyFromRead<v1::Attempt>(
      backend, reply, [name = *name](store::ReadStore& store) -> RpcResult<v1::Attempt> {
        const auto view = store.GetAttempt(name);
        if (!view) return tl::make_unexpected(AboutResource(view.error(), kAttemptType, ToResource(name)));
        return ToWire(*view);
      });
}

void ListAttempts(Backend* backend, const v1::ListAttemptsRequest& request,
                  const Reply<v1::ListAttemptsResponse>& reply) {
  using Response = v1::ListAttemptsResponse;
  const auto job = JobNameFrom("parent", request.parent());
  if (!job) return ReplyError(reply, job.error());
  const auto size = PageSize(request.page_size());
  if (!size) return ReplyError(reply, size.error());
  const std::string binding = "ListAttempts " + request.parent();
  const auto token = ReadPageToken(request.page_token(), binding);
  if (!token) return ReplyError(reply, token.error());
  const auto after = ParseAttemptResource(*token);
  ReplyFromRead<Response>(
      backend, reply,
      [job = *job, binding, size = *size,
       after = after ? after->attempt : 0](store::ReadStore& store) -> RpcResult<Response> {
        auto views = store.ListAttempts(job, after, size + 1);
        if (!views) return tl::make_unexpected(AboutResource(views.error(), kJobType, ToResource(job)));
        Response response;
        if (views->size() > static_cast<size_t>(size)) {
          views->resize(static_cast<size_t>(size));
          response.set_next_page_token(MakePageToken(binding, ToResource(views->back().attempt.name)));
        }
        for (const store::AttemptView& view : *views) *response.add_attempts() = ToWire(view);
        return response;
      });
}

void GetAttemptLog(Backend* backend, const v1::GetAttemptLogRequest& request,
                   const Reply<v1::GetAttemptLogResponse>& reply) {
  using Response = v1::GetAttemptLogResponse;
  const auto name = AttemptNameFrom("name", request.name());
  if (!name) return ReplyError(reply, name.error());
  ReplyFromRead<Response>(backend, reply, [name = *name](store::ReadStore& store) -> RpcResult<Response> {
    auto log = store.GetAttemptLog(name);
    if (!log) return tl::make_unexpected(AboutResource(log.error(), kAttemptType, ToResource(name)));
    Response response;
    response.set_text(std::move(log->text));
    response.set_skipped_bytes(log->skipped_bytes);
    return response;
  });
}

}  // namespace

void AddAttemptMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::GetAttemptRequest, v1::Attempt>("/optfleet.v1.AttemptService/GetAttempt", true,
                                                   std::bind_front(&GetAttempt, backend));
  methods->Add<v1::ListAttemptsRequest, v1::ListAttemptsResponse>(
      "/optfleet.v1.AttemptService/ListAttempts", true, std::bind_front(&ListAttempts, backend));
  methods->Add<v1::GetAttemptLogRequest, v1::GetAttemptLogResponse>(
      "/optfleet.v1.AttemptService/GetAttemptLog", true, std::bind_front(&GetAttemptLog, backend));
}

}  // namespace optfleet::rpc
