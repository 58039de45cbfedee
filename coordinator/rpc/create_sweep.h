// The methods CreateSweep and PlanSweep.
#pragma once

#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/reply.h"
#include "optfleet/v1/operator.pb.h"

namespace optfleet::rpc {

// Expands on a working thread. A sweep of up to kMostPointsAtOnce jobs becomes one input of the engine; of a
// larger one the first jobs are written while the rest of its grid is still expanded.
void CreateSweep(Backend* backend, const v1::CreateSweepRequest& request, const Reply<v1::Sweep>& reply);

// Expands on a working thread, and looks for jobs with equal specs.
void PlanSweep(Backend* backend, const v1::PlanSweepRequest& request,
               const Reply<v1::PlanSweepResponse>& reply);

}  // namespace optfleet::rpc
