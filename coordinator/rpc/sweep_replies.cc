#include "coordinator/rpc/sweep_replies.h"

#include <utility>

#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {
constexpr size_t kMaxRenderedProblems = 20;
}  // namespace

void ReplySweep(Backend* backend, const std::string& id, const Reply<v1::Sweep>& reply) {
  ReplyFromRead<v1::Sweep>(
      backend, reply, [id, now = backend->Now()](store::ReadStore& store) -> RpcResult<v1::Sweep> {
        auto view = store.GetSweep(id);
        if (!view) return tl::make_unexpected(AboutResource(view.error(), kSweepType, SweepResource(id)));
        return ToWire(*view, true, now);
      });
}

void ReplyJob(Backend* backend, const JobName& name, const Reply<v1::Job>& reply) {
  ReplyFromRead<v1::Job>(backend, reply, [name](store::ReadStore& store) -> RpcResult<v1::Job> {
    const auto view = store.GetJob(name);
    if (!view) return tl::make_unexpected(AboutResource(view.error(), kJobType, ToResource(name)));
    return ToWire(*view);
  });
}

void ReplyWorker(Backend* backend, const std::string& id, const Reply<v1::Worker>& reply) {
  ReplyFromRead<v1::Worker>(backend, reply, [id](store::ReadStore& store) -> RpcResult<v1::Worker> {
    const auto view = store.GetWorker(id);
    if (!view) return tl::make_unexpected(AboutResource(view.error(), kWorkerType, WorkerResource(id)));
    return ToWire(*view);
  });
}

RpcError FromDiagnostics(const Diagnostics& diagnostics, int file_count) {
  RpcError error{Code::kInvalidArgument, "SWEEP_INVALID", diagnostics.Render(kMaxRenderedProblems)};
  error.metadata["problems"] = std::to_string(diagnostics.count());
  for (const Diagnostic& problem : diagnostics.Sorted()) {
    const SourcePosition& at = problem.position;
    const bool in_file = at.file < file_count;
    std::string field = in_file ? "sweep.files[" + std::to_string(at.file) + "]"
                                : "sweep.overrides[" + std::to_string(at.file - file_count) + "]";
    field += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
    error.violations.push_back(
        {std::move(field), problem.hint.empty() ? problem.message : problem.message + "; " + problem.hint});
  }
  return error;
}

}  // namespace optfleet::rpc
