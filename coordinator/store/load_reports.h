// What rules that stop jobs early rest on, read at a start.
#pragma once

#include "common/result.h"
#include "coordinator/engine/engine.h"
#include "coordinator/store/state_store.h"

namespace optfleet::store {

// Adds the values of the objective of active sweeps with such rules, of each job that competes by step. Both
// databases of the folder are open, and metrics.db knows how attempts follow each other.
Status LoadReports(const StoreOptions& options, engine::SavedState* saved);

}  // namespace optfleet::store
