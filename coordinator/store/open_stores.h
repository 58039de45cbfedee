// Both databases of a state folder as a coordinator begins with them: opened, and made to agree.
#pragma once

#include <memory>

#include "common/result.h"
#include "coordinator/engine/engine.h"
#include "coordinator/store/metrics_store.h"
#include "coordinator/store/state_store.h"

namespace optfleet::store {

struct OpenedStores {
  std::unique_ptr<StateStore> state;
  std::unique_ptr<MetricsStore> metrics;
  engine::SavedState saved;  // with what metrics.db holds of it
};

// Errors as StateStore::Open. May be tried again after any failure or crash.
//
// metrics.db differs from state.db in two cases. A crash between the two commits leaves attempts that it does
// not know yet: they are linked at each start. A restored backup has undone attempts that it still knows:
// they would be taken for the heads of their series, and are dropped at the first start after the restore.
Result<OpenedStores> OpenStores(const StoreOptions& options);

}  // namespace optfleet::store
