// The handlers of each service of the wire, one file per
// service or per kind of task. They check and convert what came in, hand
// it to the backend and convert what comes back; they decide nothing.
#pragma once

#include "coordinator/rpc/backend.h"
#include "coordinator/rpc/method_table.h"

namespace optfleet::rpc {

// `backend` must outlive the table.
void AddSweepMethods(MethodTable* methods, Backend* backend);
void AddJobMethods(MethodTable* methods, Backend* backend);
void AddAttemptMethods(MethodTable* methods, Backend* backend);
void AddCheckpointMethods(MethodTable* methods, Backend* backend);
void AddMetricMethods(MethodTable* methods, Backend* backend);
void AddSteerMethods(MethodTable* methods, Backend* backend);
void AddReopenMethods(MethodTable* methods, Backend* backend);
void AddExplainMethods(MethodTable* methods, Backend* backend);
void AddWorkerMethods(MethodTable* methods, Backend* backend);
void AddSystemMethods(MethodTable* methods, Backend* backend);
void AddAgentMethods(MethodTable* methods, Backend* backend);

// All of them.
void AddMethods(MethodTable* methods, Backend* backend);

}  // namespace optfleet::rpc
