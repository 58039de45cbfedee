#include "common/version.h"
#include "coordinator/rpc/methods.h"
#include "coordinator/rpc/to_wire.h"
#include "coordinator/store/state_store.h"

namespace optfleet::rpc {
namespace {

void GetInfo(const Backend* backend, const v1::GetInfoRequest&, const Reply<v1::GetInfoResponse>& reply) {
  const SystemInfo info = backend->info();
  v1::GetInfoResponse response;
  response.set_version(kVersion);
  response.set_wire_version(kWireVersion);
  response.set_incarnation(info.incarnation);
  response.set_schema_version(store::kStateSchemaVersion);
  response.set_http_address(info.http_address);
  *response.mutable_start_time() = ToWire(info.start_time);
  reply(std::move(response));
}

}  // namespace

void AddSystemMethods(MethodTable* methods, Backend* backend) {
  methods->Add<v1::GetInfoRequest, v1::GetInfoResponse>("/optfleet.v1.SystemService/GetInfo", true,
                                                        std::bind_front(&GetInfo, backend));
}

void AddMethods(MethodTable* methods, Backend* backend) {
  AddSweepMethods(methods, backend);
  AddJobMethods(methods, backend);
  AddAttemptMethods(methods, backend);
  AddCheckpointMethods(methods, backend);
  AddMetricMethods(methods, backend);
  AddSteerMethods(methods, backend);
  AddReopenMethods(methods, backend);
  AddExplainMethods(methods, backend);
  AddWorkerMethods(methods, backend);
  AddSystemMethods(methods, backend);
  AddAgentMethods(methods, backend);
}

}  // namespace optfleet::rpc
