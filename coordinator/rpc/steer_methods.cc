// Methods by which a person steers what runs: priority, limits, pausing, draining.
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/sweep_replies.h"

namespace optfleet::rpc {
namespace {

// Gives the input to the engine and answers with the sweep as it is afterwards.
void SteerSweep(Backend* backend, engine::Input input, const std::string& name,
                const Reply<v1::Sweep>& reply) {
  ReplyFromEngine<engine::SweepAnswer>(
      backend, std::move(input), reply,
      [name](const Error& error) { return AboutResource(error, kSweepType, name); },
      [backend, reply](const engine::SweepAnswer& answer) { ReplySweep(backend, answer.sweep_id, reply); });
}

template <typename Request>
std::optional<RpcError> CheckWords(const Request& request) {
  if (auto bad = CheckText("reason", request.reason(), kMaxTextBytes)) return bad;
  return CheckRequestId(request.request_id());
}

void UpdateSweep(Backend* backend, const v1::UpdateSweepRequest& request, const Reply<v1::Sweep>& reply) {
  const auto id = SweepIdFrom("sweep.name", request.sweep().name());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckRequestId(request.request_id())) return ReplyError(reply, *std::move(bad));
  engine::UpdateSweep input{
      .request_id = request.request_id(), .sweep_id = *id, .priority = {}, .max_running = {}};
  const bool all = request.update_mask().paths_size() == 0;
  if (all) {
    input.priority = request.sweep().priority();
    input.max_running = request.sweep().max_running();
  }
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "priority") {
      input.priority = request.sweep().priority();
    } else if (path == "max_running") {
      input.max_running = request.sweep().max_running();
    } else if (path == "guard.device_hours") {
      input.device_hours = request.sweep().guard().device_hours();
    } else if (path == "guard" && !request.sweep().has_guard()) {
      input.no_guard = true;
    } else {
      return ReplyError(reply,
                        BadField("update_mask",
                                 "can name priority, max_running, guard.device_hours, and guard to take "
                                 "it off, found " +
                                     path));
    }
  }
  SteerSweep(backend, std::move(input), request.sweep().name(), reply);
}

void PauseSweep(Backend* backend, const v1::PauseSweepRequest& request, const Reply<v1::Sweep>& reply) {
  const auto id = SweepIdFrom("name", request.name());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckWords(request)) return ReplyError(reply, *std::move(bad));
  const auto pause = request.keep_running() ? domain::Pause::kKeepRunning : domain::Pause::kStopRunning;
  SteerSweep(backend, engine::PauseSweep{request.request_id(), *id, pause, request.reason()}, request.name(),
             reply);
}

void ResumeSweep(Backend* backend, const v1::ResumeSweepRequest& request, const Reply<v1::Sweep>& reply) {
  const auto id = SweepIdFrom("name", request.name());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckWords(request)) return ReplyError(reply, *std::move(bad));
  SteerSweep(backend, engine::PauseSweep{request.request_id(), *id, domain::Pause::kNo, request.reason()},
             request.name(), reply);
}

template <typename Request>
void Drain(Backend* backend, const Request& request, domain::Pause drain, const Reply<v1::Worker>& reply) {
  const auto id = WorkerIdFrom("name", request.name());
  if (!id) return ReplyError(reply, id.error());
  if (auto bad = CheckWords(request)) return ReplyError(reply, *std::move(bad));
  ReplyFromEngine<engine::WorkerAnswer>(
      backend, engine::DrainWorker{request.request_id(), *id, drain, request.reason()}, reply,
      [name = request.name()](const Error& error) { return AboutResource(error, kWorkerType, name); },
      [backend, reply](const engine::WorkerAnswer& answer) {
        ReplyWorker(backend, answer.worker_id, reply);
      });
}

void DrainWorker(Backend* backend, const v1::DrainWorkerRequest& request, const Reply<v1::Worker>& reply) {
  Drain(backend, request, request.keep_running() ? domain::Pause::kKeepRunning : domain::Pause::kStopRunning,
        reply);
}

void UndrainWorker(Backend* backend, const v1::UndrainWorkerRequest& request,
                   const Reply<v1::Worker>& reply) {
  Drain(backend, request, domain::Pause::kNo, reply);
}

}  // namespace

void AddSteerMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::UpdateSweepRequest, v1::Sweep>("/optfleet.v1.SweepService/UpdateSweep", true,
                                                  std::bind_front(&UpdateSweep, backend));
  methods->Add<v1::PauseSweepRequest, v1::Sweep>("/optfleet.v1.SweepService/PauseSweep", true,
                                                 std::bind_front(&PauseSweep, backend));
  methods->Add<v1::ResumeSweepRequest, v1::Sweep>("/optfleet.v1.SweepService/ResumeSweep", true,
                                                  std::bind_front(&ResumeSweep, backend));
  methods->Add<v1::DrainWorkerRequest, v1::Worker>("/optfleet.v1.WorkerService/DrainWorker", true,
                                                   std::bind_front(&DrainWorker, backend));
  methods->Add<v1::UndrainWorkerRequest, v1::Worker>("/optfleet.v1.WorkerService/UndrainWorker", true,
                                                     std::bind_front(&UndrainWorker, backend));
}

}  // namespace optfleet::rpc
