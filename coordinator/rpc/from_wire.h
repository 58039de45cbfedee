// From messages to plain values, checked: sizes, counts, names, columns that fit together. What comes out may
// be given to the engine and to the stores as it is. Errors are INVALID_ARGUMENT with the field. Pure
// functions.
#pragma once

#include <vector>

#include "coordinator/engine/inputs.h"
#include "coordinator/rpc/rpc_error.h"
#include "coordinator/store/metrics_store.h"
#include "optfleet/v1/operator.pb.h"
#include "optfleet/v1/worker.pb.h"
#include "sweeps/expand.h"

namespace optfleet::rpc {

// FAILED_PRECONDITION, one sentence with both versions, if this coordinator does not work with the worker's
// version of the worker API. Versions that differ by one work together.
std::optional<RpcError> CheckWireVersion(int32_t theirs, const std::string& worker,
                                         const std::string& program_version);

RpcResult<engine::Synchronize> FromWire(const v1::SynchronizeRequest& request);
RpcResult<std::vector<store::RecordBatch>> FromWire(const v1::ReportMetricsRequest& request);

// The files and what they refer to; counts and sizes are checked, the language is not.
RpcResult<sweeps::SweepInput> FromWire(const v1::Sweep& sweep);
RpcResult<sweeps::SweepInput> FromWire(const v1::CreateSweepRequest& request);

}  // namespace optfleet::rpc
