#include "coordinator/app/scrape.h"

namespace optfleet::app {

http::FleetCounts ToFleetCounts(const engine::Census& census, int64_t state_wal_bytes,
                                int64_t metrics_wal_bytes) {
  http::FleetCounts counts;
  counts.jobs = census.jobs_by_state;
  counts.sweeps = census.sweeps_by_state;
  counts.attempts = census.attempts_by_outcome;
  for (const auto& [worker, slots] : census.slots) {
    counts.slots.push_back({worker, "used", slots.taken});
    counts.slots.push_back({worker, "free", slots.total - slots.taken});
  }
  counts.wal_bytes = {{"state", state_wal_bytes}, {"metrics", metrics_wal_bytes}};
  return counts;
}

}  // namespace optfleet::app
