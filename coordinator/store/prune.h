// Bounded growth of the history.
#pragma once

#include <cstdint>

#include "coordinator/store/sqlite.h"

namespace optfleet::store {

// Looks at the next events behind `*behind`, oldest first, as far as they are before `before_us`, and drops
// those that are not of a sweep with open jobs. True if more may follow. Goes round: behind the last old
// event `*behind` becomes 0 again, so that events of sweeps that end later are met, too. A transaction of its
// own.
Result<bool> PruneSomeEvents(Connection* connection, int64_t before_us, int64_t* behind);

}  // namespace optfleet::store
