// What metrics.db holds of a history that a restored backup has undone.
#pragma once

#include "common/result.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// Drops the attempts of `metrics` that come after the newest one that `state` knows of their job: they would
// be taken for the head of its series. One transaction; both databases have their present schemas.
Status DropUndoneAttempts(Connection* state, Connection* metrics);

}  // namespace optfleet::store
