// What several services answer about sweeps and their jobs.
#pragma once

#include <string>

#include "common/diagnostics.h"
#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/reply.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::rpc {

// The sweep with its files, read now.
void ReplySweep(Backend* backend, const std::string& id, const Reply<v1::Sweep>& reply);
void ReplyJob(Backend* backend, const JobName& name, const Reply<v1::Job>& reply);
void ReplyWorker(Backend* backend, const std::string& id, const Reply<v1::Worker>& reply);

// Each problem as one violation of the file or override that it stands in.
RpcError FromDiagnostics(const Diagnostics& diagnostics, int file_count);

}  // namespace optfleet::rpc
