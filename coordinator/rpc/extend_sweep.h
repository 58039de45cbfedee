// The method ExtendSweep.
#pragma once

#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/reply.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::rpc {

// Reads what the sweep has on a reading thread, then expands on a working one. Up to kMostPointsAtOnce new
// jobs become one input of the engine; of more the first are written while the rest of the grid is still
// expanded, and the sweep goes on meanwhile.
void ExtendSweep(Backend* backend, const v1::ExtendSweepRequest& request,
                 const Reply<v1::ExtendSweepResponse>& reply);

}  // namespace optfleet::rpc
