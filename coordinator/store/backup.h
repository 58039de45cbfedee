// Copies of the databases while a coordinator uses them, and putting them back.
#pragma once

#include <functional>
#include <string>

#include "common/result.h"
#include "coordinator/store/state_store.h"

namespace optfleet::store {

// Copies the database `from`, as it is at one moment, into a new file `to`, durably. Its writer is not held
// up; its WAL grows meanwhile. `go_on(share)` is asked now and then with the share that is done; false gives
// up with CANCELLED. RESOURCE_EXHAUSTED when the disk is full. Nothing is left of a copy that failed.
Status CopyDatabase(const std::string& from, const std::string& to, const std::function<bool(double)>& go_on);

// Copies state.db and then metrics.db of a state folder into `to`, which exists. In this order whatever the
// state relies on is in the metrics: those may be ahead, never behind.
Status CopyDatabases(const std::string& folder, const std::string& to,
                     const std::function<bool(double)>& go_on);

// Puts the databases of a backup folder in the place of those of a state folder, which no coordinator may use
// (FAILED_PRECONDITION). Both are checked before anything is changed. What was there is kept as
// state.db.replaced and metrics.db.replaced. The incarnation rises above both, so that whatever was given out
// since the backup is refused. A backup without metrics.db leaves the metrics as they are.
Status RestoreFolder(const StoreOptions& options, const std::string& backup);

}  // namespace optfleet::store
