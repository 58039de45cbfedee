#include <utility>

#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/large_sweep.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/page_token.h"
#include "coordinator/rpc/points.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/sweep_replies.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

constexpr const char* kListBinding = "ListSweeps";

// Without its points.
engine::CreateSweep ToInput(const v1::CreateSweepRequest& request, sweeps::SweepInput source,
                            const sweeps::Expansion& expansion) {
  engine::CreateSweep input;
  input.request_id = request.request_id();
  input.sweep_id = request.sweep_id();
  input.display_name =
      request.sweep().display_name().empty() ? expansion.name : request.sweep().display_name();
  input.source = SourceOf(std::move(source), expansion);
  input.axes = expansion.axes;
  input.objective = expansion.objective;
  input.merged_points = static_cast<int32_t>(expansion.merged_points.size());
  input.validate_only = request.validate_only();
  input.priority = expansion.resources.priority.value_or(0);
  input.max_running = expansion.resources.max_running.value_or(0);
  input.keep = {expansion.keep.best_jobs, expansion.keep.best, expansion.keep.last};
  return input;
}

// After the commit a full read queue must not turn success into an error that invites a repeat: the client
// asks with GetSweep.
void Submit(Backend* backend, engine::CreateSweep input, const Reply<v1::Sweep>& reply) {
  const std::string asked_name =
      SweepResource(input.sweep_id.empty() ? MakeId(input.display_name) : input.sweep_id);
  const bool validate_only = input.validate_only;
  v1::Sweep preview = PreviewOf(input, input.sweep_id);
  ReplyFromEngine<engine::SweepAnswer>(
      backend, std::move(input), reply,
      [asked_name](const Error& error) { return AboutResource(error, kSweepType, asked_name); },
      [backend, reply, validate_only, preview = std::move(preview)](engine::SweepAnswer answer) mutable {
        if (!validate_only) return ReplySweep(backend, answer.sweep_id, reply);
        preview.set_name(SweepResource(answer.sweep_id));
        reply(preview);
      });
}

// A sweep that is too large for one commit.
void SubmitInParts(Backend* backend, engine::CreateSweep input, const sweeps::Expansion& expansion,
                   const Reply<v1::Sweep>& reply) {
  const std::string asked_name =
      SweepResource(input.sweep_id.empty() ? MakeId(input.display_name) : input.sweep_id);
  const bool validate_only = input.validate_only;
  v1::Sweep preview = PreviewOf(input, input.sweep_id);
  preview.set_job_count(static_cast<int32_t>(expansion.jobs.size()));
  v1::StateCount* queued = preview.add_counts();
  queued->set_state("queued");
  queued->set_count(preview.job_count());
  const PointMaker maker(expansion);
  const auto id = WriteLargeSweep(backend, std::move(input), expansion.jobs.size(),
                                  [&](size_t first, size_t count) { return maker.Make(first, count); });
  if (!id) return ReplyError(reply, AboutResource(id.error(), kSweepType, asked_name));
  if (!validate_only) return ReplySweep(backend, *id, reply);
  preview.set_name(SweepResource(*id));
  reply(preview);
}

void CreateSweep(Backend* backend, const v1::CreateSweepRequest& request, const Reply<v1::Sweep>& reply) {
  auto source = FromWire(request);
  if (!source) return ReplyError(reply, std::move(source).error());
  const bool taken = backend->Work([backend, request, reply, source = *std::move(source)]() mutable {
    const sweeps::ExpandResult result = sweeps::ExpandSweep(source);
    if (!result.expansion) {
      return ReplyError(reply, FromDiagnostics(result.diagnostics, request.sweep().files_size()));
    }
    const sweeps::Expansion& expansion = *result.expansion;
    engine::CreateSweep input = ToInput(request, std::move(source), expansion);
    if (expansion.jobs.size() > kMostPointsAtOnce)
      return SubmitInParts(backend, std::move(input), expansion, reply);
    input.points = PointsOf(expansion);
    Submit(backend, std::move(input), reply);
  });
  if (!taken) ReplyError(reply, Overloaded("expansion", kRetryInput));
}

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
      backend, reply, [size = *size, token = *token](store::ReadStore& store) -> RpcResult<Response> {
        const auto after = token.empty() ? std::nullopt : std::optional(KeyFromText(token));
        auto views = store.ListSweeps(after, size + 1);
        if (!views) return tl::make_unexpected(FromError(views.error()));
        Response response;
        if (views->size() > static_cast<size_t>(size)) {
          views->resize(static_cast<size_t>(size));
          const domain::Sweep& last = views->back().sweep;
          response.set_next_page_token(MakePageToken(kListBinding, KeyText({last.create_time, last.id})));
        }
        for (const store::SweepView& view : *views) *response.add_sweeps() = ToWire(view, false);
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
  methods->Add<v1::GetSweepRequest, v1::Sweep>("/optfleet.v1.SweepService/GetSweep", true,
                                               std::bind_front(&GetSweep, backend));
  methods->Add<v1::ListSweepsRequest, v1::ListSweepsResponse>("/optfleet.v1.SweepService/ListSweeps", true,
                                                              std::bind_front(&ListSweeps, backend));
  methods->Add<v1::CancelSweepRequest, v1::Sweep>("/optfleet.v1.SweepService/CancelSweep", true,
                                                  std::bind_front(&CancelSweep, backend));
}

}  // namespace optfleet::rpc
