// Brings the gauges of /metrics up to date when somebody asks for them.
#pragma once

#include "coordinator/engine/engine.h"
#include "coordinator/http/metrics.h"

namespace optfleet::app {

// The engine's census as gauges, with the sizes of the write-ahead logs. Pure.
http::FleetCounts ToFleetCounts(const engine::Census& census, int64_t state_wal_bytes,
                                int64_t metrics_wal_bytes);

}  // namespace optfleet::app
