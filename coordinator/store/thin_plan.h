// Which records of an ended attempt stay when its series is thinned: real ones only, with the extremes.
#pragma once

#include <cstdint>
#include <vector>

#include "common/names.h"
#include "common/result.h"
#include "common/time.h"

namespace optfleet::store {

class Connection;

// Of one attempt. Records between `first` and the last of `keep` that are not in `keep` may go.
struct ThinPlan {
  AttemptName attempt;
  int64_t id = 0;             // of the attempt in metrics.db
  int64_t incarnation = 0;    // of its fence
  int64_t first = 0;          // id of its first record
  std::vector<int64_t> keep;  // ids of records, ascending; the last record is among them
};

// Attempts of sweeps that ended before `before` and that have not been thinned, at most `limit`. `connection`
// has metrics.db attached as `metrics`.
Result<std::vector<AttemptName>> ReadAttemptsToThin(Connection* connection, Time before, int32_t limit);

// At most about `most` records stay. The attempt's records are cut into stretches of equally many; of each
// stretch stay the last record and, for each key, those with its least and largest finite value; a key with
// few points keeps them all. NOT_FOUND if the attempt has no records.
Result<ThinPlan> PlanThinning(Connection* connection, const AttemptName& attempt, int64_t most);

}  // namespace optfleet::store
