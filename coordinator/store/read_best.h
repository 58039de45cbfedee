// The best ended jobs of a sweep by its objective.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/store/sqlite.h"
#include "sweeps/search/objective.h"

namespace optfleet::store {

struct BestJob {
  int32_t job = 0;
  double objective = 0;
};

enum class Among { kAll, kTrainedHere };  // without those that took an outcome over

// At most `limit` jobs with numbers up to `last`, the best first; of equals the one with the least number.
Result<std::vector<BestJob>> ReadBestJobs(Connection* connection, const std::string& sweep,
                                          const sweeps::Objective& objective, int32_t last, int32_t limit,
                                          Among among = Among::kAll);

}  // namespace optfleet::store
