// What the engine knows of checkpoints that outlive their jobs, read at a start.
#pragma once

#include "common/result.h"
#include "coordinator/engine/engine.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// Adds them to `saved`, whose sweeps are there already.
Status LoadKept(Connection* connection, engine::SavedState* saved);

}  // namespace optfleet::store
