#include <charconv>
#include <optional>
#include <utility>

#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/page_token.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

constexpr const char* kCheckpointType = "optfleet.v1.Checkpoint";
constexpr const char* kParentForm = "must be sweeps/ID or sweeps/ID/jobs/NUMBER, found \"";

RpcResult<CheckpointName> CheckpointNameFrom(const std::string& name) {
  if (auto parsed = ParseCheckpointResource(name)) return *std::move(parsed);
  return tl::make_unexpected(
      BadField("name", "must be sweeps/ID/jobs/NUMBER/attempts/NUMBER/checkpoints/STEP, found \"" +
                           name.substr(0, 200) + "\""));
}

// Behind which row the next page begins: NAME INCARNATION WORKER.
std::string KeyOf(const domain::KeptId& id) {
  return ToResource(id.name) + " " + std::to_string(id.incarnation) + " " + id.worker;
}

std::optional<domain::KeptId> IdOf(const std::string& key) {
  const size_t first = key.find(' ');
  const size_t second = key.rfind(' ');
  if (first == std::string::npos || first == second) return std::nullopt;
  auto name = ParseCheckpointResource(key.substr(0, first));
  int64_t incarnation = 0;
  const auto [end, error] = std::from_chars(key.data() + first + 1, key.data() + second, incarnation);
  if (!name || error != std::errc() || end != key.data() + second) return std::nullopt;
  return domain::KeptId{*std::move(name), incarnation, key.substr(second + 1)};
}

void ListCheckpoints(Backend* backend, const v1::ListCheckpointsRequest& request,
                     const Reply<v1::ListCheckpointsResponse>& reply) {
  using Response = v1::ListCheckpointsResponse;
  const auto job = ParseJobResource(request.parent());
  const auto sweep = job ? std::optional(job->sweep) : ParseSweepResource(request.parent());
  if (!sweep)
    return ReplyError(reply, BadField("parent", kParentForm + request.parent().substr(0, 200) + "\""));
  const auto size = PageSize(request.page_size());
  if (!size) return ReplyError(reply, size.error());
  const std::string binding = "ListCheckpoints " + request.parent();
  const auto token = ReadPageToken(request.page_token(), binding);
  if (!token) return ReplyError(reply, token.error());
  ReplyFromRead<Response>(
      backend, reply,
      [sweep = *sweep, number = job ? std::optional(job->job) : std::nullopt, binding,
       parent = request.parent(), size = *size,
       after = IdOf(*token)](store::ReadStore& store) -> RpcResult<Response> {
        auto views = store.ListCheckpoints(sweep, number, after, size + 1);
        if (!views)
          return tl::make_unexpected(AboutResource(views.error(), number ? kJobType : kSweepType, parent));
        Response response;
        if (views->size() > static_cast<size_t>(size)) {
          views->resize(static_cast<size_t>(size));
          response.set_next_page_token(MakePageToken(binding, KeyOf(views->back().checkpoint.id)));
        }
        for (const store::CheckpointView& view : *views) *response.add_checkpoints() = ToWire(view);
        return response;
      });
}

// One that was unpinned while its worker does not have it is nothing but its name.
void ReplyCheckpoint(Backend* backend, const CheckpointName& name, const Reply<v1::Checkpoint>& reply) {
  ReplyFromRead<v1::Checkpoint>(backend, reply, [name](store::ReadStore& store) -> RpcResult<v1::Checkpoint> {
    const auto view = store.GetCheckpoint(name);
    if (view) return ToWire(*view);
    if (view.error().code() != Code::kNotFound) return tl::make_unexpected(FromError(view.error()));
    v1::Checkpoint gone;
    gone.set_name(ToResource(name));
    gone.set_step(name.step);
    return gone;
  });
}

template <typename Request>
void Pin(Backend* backend, const Request& request, bool pin, const Reply<v1::Checkpoint>& reply) {
  const auto name = CheckpointNameFrom(request.name());
  if (!name) return ReplyError(reply, name.error());
  if (auto bad = CheckText("reason", request.reason(), kMaxTextBytes))
    return ReplyError(reply, *std::move(bad));
  if (auto bad = CheckRequestId(request.request_id())) return ReplyError(reply, *std::move(bad));
  ReplyFromEngine<engine::CheckpointAnswer>(
      backend, engine::PinCheckpoint{request.request_id(), *name, pin, request.reason()}, reply,
      [name = request.name()](const Error& error) { return AboutResource(error, kCheckpointType, name); },
      [backend, reply](const engine::CheckpointAnswer& answer) {
        ReplyCheckpoint(backend, answer.checkpoint, reply);
      });
}

void PinCheckpoint(Backend* backend, const v1::PinCheckpointRequest& request,
                   const Reply<v1::Checkpoint>& reply) {
  Pin(backend, request, true, reply);
}

void UnpinCheckpoint(Backend* backend, const v1::UnpinCheckpointRequest& request,
                     const Reply<v1::Checkpoint>& reply) {
  Pin(backend, request, false, reply);
}

}  // namespace

void AddCheckpointMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::ListCheckpointsRequest, v1::ListCheckpointsResponse>(
      "/optfleet.v1.CheckpointService/ListCheckpoints", true, std::bind_front(&ListCheckpoints, backend));
  methods->Add<v1::PinCheckpointRequest, v1::Checkpoint>("/optfleet.v1.CheckpointService/PinCheckpoint", true,
                                                         std::bind_front(&PinCheckpoint, backend));
  methods->Add<v1::UnpinCheckpointRequest, v1::Checkpoint>("/optfleet.v1.CheckpointService/UnpinCheckpoint",
                                                           true, std::bind_front(&UnpinCheckpoint, backend));
}

}  // namespace optfleet::rpc
