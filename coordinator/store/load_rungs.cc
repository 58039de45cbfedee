#include "coordinator/store/load_rungs.h"

#include <limits>

#include "coordinator/store/read_rows.h"

namespace optfleet::store {
namespace {

constexpr const char* kRungs = "SELECT job, rung, value, promoted FROM rungs WHERE sweep = ? AND job >= ?";
constexpr const char* kFinished =
    "SELECT count(*) FROM jobs WHERE sweep = ? AND number >= ? AND state = 'ended' AND outcome = 'succeeded'";

}  // namespace

Status LoadRungs(Connection* connection, std::map<std::string, engine::SavedSweep>* sweeps) {
  for (auto& [id, saved] : *sweeps) {
    engine::SavedSweep& sweep = saved;
    // Of one that has ended, too: jobs of it may be tried again, and compete with those that did.
    if (!sweep.sweep.search.halving) continue;
    const int32_t first = sweep.sweep.first_competitor;
    OPTFLEET_RETURN_IF_ERROR(ForEachRow(
        connection, kRungs,
        [&](const Statement& row) -> Status {
          const double value = row.IsNull(2) ? std::numeric_limits<double>::quiet_NaN() : row.Real(2);
          sweep.rungs.push_back(
              {static_cast<int32_t>(row.Int(0)), static_cast<int32_t>(row.Int(1)), value, row.Int(3) != 0});
          return {};
        },
        id, first));
    OPTFLEET_RETURN_IF_ERROR(ForEachRow(
        connection, kFinished,
        [&](const Statement& row) -> Status {
          sweep.finished = static_cast<int32_t>(row.Int(0));
          return {};
        },
        id, first));
  }
  return {};
}

}  // namespace optfleet::store
