#include <utility>

#include "coordinator/rpc/from_wire.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/reply.h"
#include "coordinator/rpc/to_wire.h"

namespace optfleet::rpc {
namespace {

constexpr std::chrono::milliseconds kRetryReport{1000};
constexpr int64_t kLastTimeUs = 253'402'300'799'000'000;  // the end of the year 9999

void Synchronize(Backend* backend, const v1::SynchronizeRequest& request,
                 const Reply<v1::SynchronizeResponse>& reply) {
  if (auto refused = CheckWireVersion(request.wire_version(), request.worker_id(), request.version())) {
    return ReplyError(reply, *std::move(refused));
  }
  auto input = FromWire(request);
  if (!input) return ReplyError(reply, std::move(input).error());
  if (request.time_us() > 0 && request.time_us() <= kLastTimeUs)
    backend->NoteClock(request.worker_id(), TimeFromUnixMicros(request.time_us()));
  const auto convert = [](const Error& error) {
    RpcError converted = FromError(error);
    if (error.code() == Code::kFailedPrecondition) converted.reason = "WORKER_SESSION_REPLACED";
    return converted;
  };
  ReplyFromEngine<engine::SynchronizeAnswer>(
      backend, *std::move(input), reply, convert,
      [reply](const engine::SynchronizeAnswer& answer) { reply(ToWire(answer)); });
}

void ReportMetrics(Backend* backend, const v1::ReportMetricsRequest& request,
                   const Reply<v1::ReportMetricsResponse>& reply) {
  auto batches = FromWire(request);
  if (!batches) return ReplyError(reply, std::move(batches).error());
  const bool taken =
      backend->Append(*std::move(batches), [reply](const Result<std::vector<engine::RecordsHeld>>& held) {
        if (held) return reply(ToWire(*held));
        RpcError error = FromError(held.error());
        if (error.code == Code::kResourceExhausted) error.retry_after = kRetryReport;
        ReplyError(reply, std::move(error));
      });
  if (!taken) ReplyError(reply, Overloaded("metrics", kRetryReport));
}

}  // namespace

// Not offered as JSON: workers speak gRPC, and what a browser cannot send it cannot be tricked into sending.
void AddAgentMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::SynchronizeRequest, v1::SynchronizeResponse>(
      "/optfleet.v1.AgentService/Synchronize", false, std::bind_front(&Synchronize, backend));
  methods->Add<v1::ReportMetricsRequest, v1::ReportMetricsResponse>(
      "/optfleet.v1.AgentService/ReportMetrics", false, std::bind_front(&ReportMetrics, backend));
}

}  // namespace optfleet::rpc
