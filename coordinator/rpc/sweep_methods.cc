#include <utility>

#include "coordinator/rpc/create_sweep.h"
#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/page_token.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/sweep_replies.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

constexpr const char* kListBinding = "ListSweeps";

void CancelSweep(Backend* backend, const v1::CancelSweepRequest& request, const Reply<v1::Sweep>& reply) {
  const auto id = SweepIdFrom("name", request.name());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckText("reason", request.reason(), kMaxTextBytes))
    return ReplyError(reply, *std::move(bad));
  if (auto bad = CheckRequestId(request.request_id())) return ReplyError(reply, *std::move(bad));
  ReplyFromEngine<engine::SweepAnswer>(
      backend, engine::CancelSweep{request.request_id(), *id, request.reason()}, reply,
      [name = request.name()](const Error& error) { return AboutResource(error, kSweepType, name); },
      [backend, reply](const engine::SweepAnswer& answer) { ReplySweep(backend, answer.sweep_id, reply); });
}

std::string KeyText(const store::SweepKey& key) {
  return std::to_string(UnixMicros(key.create_time)) + "/" + key.id;
}

// Tokens are checked, so their key has this form.
store::SweepKey KeyFromText(const std::string& text) {
  const size_t slash = text.find('/');
  return {TimeFromUnixMicros(std::stoll(text.substr(0, slash))), text.substr(slash + 1)};
}

void ListSweeps(Backend* backend, const v1::ListSweepsRequest& request,
                const Reply<v1::ListSweepsResponse>& reply) {
  using Response = v1::ListSweepsResponse;
  const auto size = PageSize(request.page_size());
  if (!size) return ReplyError(reply, size.error());
  const auto token = ReadPageToken(request.page_token(), kListBinding);
  if (!token) return ReplyError(reply, token.error());
  ReplyFromRead<Response>(
      backend, reply,
      [size = *size, token = *token, now = backend->Now()](store::ReadStore& store) -> RpcResult<Response> {
        const auto after = token.empty() ? std::nullopt : std::optional(KeyFromText(token));
        auto views = store.ListSweeps(after, size + 1);
        if (!views) return tl::make_unexpected(FromError(views.error()));
        Response response;
        if (views->size() > static_cast<size_t>(size)) {
          views->resize(static_cast<size_t>(size));
          const domain::Sweep& last = views->back().sweep;
          response.set_next_page_token(MakePageToken(kListBinding, KeyText({last.create_time, last.id})));
        }
        for (const store::SweepView& view : *views) *response.add_sweeps() = ToWire(view, false, now);
        return response;
      });
}

void GetSweep(Backend* backend, const v1::GetSweepRequest& request, const Reply<v1::Sweep>& reply) {
  const auto id = SweepIdFrom("name", request.name());
  if (!id) return ReplyError(reply, id.error());
  ReplySweep(backend, *id, reply);
}

}  // namespace

void AddSweepMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::CreateSweepRequest, v1::Sweep>("/optfleet.v1.SweepService/CreateSweep", true,
                                                  std::bind_front(&CreateSweep, backend));
  methods->Add<v1::PlanSweepRequest, v1::PlanSweepResponse>("/optfleet.v1.SweepService/PlanSweep", true,
                                                            std::bind_front(&PlanSweep, backend));
  methods->Add<v1::GetSweepRequest, v1::Sweep>("/optfleet.v1.SweepService/GetSweep", true,
                                               std::bind_front(&GetSweep, backend));
  methods->Add<v1::ListSweepsRequest, v1::ListSweepsResponse>("/optfleet.v1.SweepService/ListSweeps", true,
                                                              std::bind_front(&ListSweeps, backend));
  methods->Add<v1::CancelSweepRequest, v1::Sweep>("/optfleet.v1.SweepService/CancelSweep", true,
                                                  std::bind_front(&CancelSweep, backend));
}

}  // namespace optfleet::rpc
