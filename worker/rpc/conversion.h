// Between the wire and plain values. Pure.
#pragma once

#include "optfleet/v1/worker.pb.h"
#include "worker/engine/messages.h"
#include "worker/engine/record_batch.h"

namespace optfleet::worker {

struct Identity {
  std::string worker_id;
  int64_t session = 0;  // of this start; Root::session
  std::string host;
};

v1::SynchronizeRequest ToWire(const SyncRequest& request, const Identity& identity);
v1::ReportMetricsRequest ToWire(const std::vector<AttemptBatch>& batches, const Identity& identity);

// Unknown actions of a newer coordinator are left out.
SyncAnswer FromWire(const v1::SynchronizeResponse& response);

}  // namespace optfleet::worker
