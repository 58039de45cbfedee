#include "coordinator/rpc/extend_sweep.h"

#include <memory>
#include <optional>
#include <utility>

#include "common/sha256.h"
#include "coordinator/rpc/extension.h"
#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/large_sweep.h"
#include "coordinator/rpc/more_stages.h"
#include "coordinator/rpc/reuse.h"
#include "coordinator/rpc/sweep_replies.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

// What the files say, whatever the sweep has already: a repeat is told by it.
std::string HashOf(const v1::Sweep& sweep) {
  std::string all;
  for (const v1::SourceFile& file : sweep.files()) all += file.text() + '\0' + file.folder() + '\0';
  for (const std::string& text : sweep.overrides()) all += text + '\0';
  return Sha256Hex(all);
}

void ReplyExtended(Backend* backend, const std::string& id, int32_t total, int32_t fresh,
                   const Reply<v1::ExtendSweepResponse>& reply) {
  v1::ExtendSweepResponse response;
  response.set_new_jobs(fresh);
  response.set_known_points(total - fresh);
  ReplySweep(backend, id, [reply, response](RpcResult<v1::Sweep> sweep) mutable {
    if (!sweep) return ReplyError(reply, std::move(sweep).error());
    *response.mutable_sweep() = *std::move(sweep);
    reply(std::move(response));
  });
}

// How many are new is what the engine says, which says the same to a repeat.
void ExtendAtOnce(Backend* backend, const std::string& name, engine::ExtendSweep input, int32_t total,
                  const Reply<v1::ExtendSweepResponse>& reply) {
  ReplyFromEngine<engine::SweepAnswer>(
      backend, std::move(input), reply,
      [name](const Error& error) { return AboutResource(error, kSweepType, name); },
      [backend, total, reply](const engine::SweepAnswer& answer) {
        ReplyExtended(backend, answer.sweep_id, total, static_cast<int32_t>(answer.jobs.size()), reply);
      });
}

// Of a sweep without stages. On success the points that are equal to another one.
RpcResult<int32_t> GivePoints(const sweeps::SweepInput& source, int file_count, Extension* extension) {
  const sweeps::ExpandResult result = sweeps::ExpandSweepInto(source, kMostPointsAtOnce, extension);
  if (extension->failed()) return tl::make_unexpected(FromError(*extension->failed()));
  if (result.expansion) return static_cast<int32_t>(result.expansion->merged_points.size());
  if (extension->stopped()) return 0;
  return tl::make_unexpected(FromDiagnostics(result.diagnostics, file_count));
}

RpcResult<int32_t> Give(const KnownSweep& known, const sweeps::SweepInput& source, int file_count,
                        Extension* extension) {
  if (known.points.sweep.stages.all.empty()) return GivePoints(source, file_count, extension);
  if (auto wrong = GiveBegunStages(known, source, file_count, extension))
    return tl::make_unexpected(*std::move(wrong));
  return known.points.sweep.merged_points;
}

// A file with stages as it is already.
bool SaysTheSame(const KnownSweep& known, const engine::ExtendSweep& head) {
  return !known.points.sweep.stages.all.empty() && head.source == known.source;
}

// What it would answer: the sweep as it is, with the stages that it would have.
void ReplyPreview(Backend* backend, const std::string& id, const Extension& extension,
                  const Reply<v1::ExtendSweepResponse>& reply) {
  ReplyExtended(backend, id, extension.total(), extension.fresh(),
                [reply, stages = extension.head().stages](RpcResult<v1::ExtendSweepResponse> response) {
                  if (response && stages) PutStages(*stages, response->mutable_sweep());
                  reply(std::move(response));
                });
}

void Expand(Backend* backend, const v1::ExtendSweepRequest& request, const sweeps::SweepInput& source,
            const KnownSweep& known, const FileStamps& stamps, const Reply<v1::ExtendSweepResponse>& reply) {
  std::optional<FinishedJobs> finished;
  if (request.reuse() && !request.validate_only()) {
    auto read = FinishedJobs::Read(backend, stamps);
    if (!read) return ReplyError(reply, FromError(read.error()));
    finished = *std::move(read);
  }
  engine::ExtendSweep head;
  head.request_id = request.request_id();
  head.content_hash = HashOf(request.sweep());
  const std::string& id = known.points.sweep.id;
  Extension extension(backend, std::move(head), source, known.points, finished ? &*finished : nullptr,
                      request.validate_only());
  const auto merged = Give(known, source, request.sweep().files_size(), &extension);
  if (!merged) {
    extension.Abandon();
    return ReplyError(reply, merged.error());
  }
  if (request.validate_only() || SaysTheSame(known, extension.head()))
    return ReplyPreview(backend, id, extension, reply);
  if (!extension.is_large())
    return ExtendAtOnce(backend, request.name(), extension.TakeInput(*merged), extension.total(), reply);
  const auto answer = extension.Finish(*merged);
  if (!answer) return ReplyError(reply, AboutResource(answer.error(), kSweepType, request.name()));
  ReplyExtended(backend, answer->sweep_id, extension.total(), static_cast<int32_t>(answer->jobs.size()),
                reply);
}

Result<KnownSweep> ReadKnown(store::ReadStore& store, const std::string& id) {
  auto points = store.GetSweepPoints(id);
  if (!points) return Fail(std::move(points).error());
  KnownSweep known{*std::move(points), {}};
  if (known.points.sweep.stages.all.empty()) return known;
  // Another one by now is another revision, too, which the engine refuses.
  auto view = store.GetSweep(id);
  if (!view) return Fail(std::move(view).error());
  known.source = std::move(view->source);
  return known;
}

}  // namespace

void ExtendSweep(Backend* backend, const v1::ExtendSweepRequest& request,
                 const Reply<v1::ExtendSweepResponse>& reply) {
  const auto id = SweepIdFrom("name", request.name());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckRequestId(request.request_id())) return ReplyError(reply, *std::move(bad));
  auto source = FromWire(request.sweep());
  if (!source) return ReplyError(reply, std::move(source).error());
  auto stamps = FromWire(request.file_stamps());
  if (!stamps) return ReplyError(reply, std::move(stamps).error());
  const bool reading = backend->Read([backend, request, reply, id = *id, source = *std::move(source),
                                      stamps = *std::move(stamps)](store::ReadStore& store) mutable {
    auto read = ReadKnown(store, id);
    if (!read) return ReplyError(reply, AboutResource(read.error(), kSweepType, request.name()));
    // Shared, since what is posted to a queue must be copyable.
    const auto known = std::make_shared<const KnownSweep>(*std::move(read));
    const bool taken =
        backend->Work([backend, request, reply, source = std::move(source), stamps = std::move(stamps),
                       known] { Expand(backend, request, source, *known, stamps, reply); });
    if (!taken) ReplyError(reply, Overloaded("expansion", kRetryInput));
  });
  if (!reading) ReplyError(reply, Overloaded("read", kRetryRead));
}

}  // namespace optfleet::rpc
