#include "coordinator/store/read_best.h"

#include "coordinator/store/read_rows.h"

namespace optfleet::store {

Result<std::vector<BestJob>> ReadBestJobs(Connection* connection, const std::string& sweep,
                                          const sweeps::Objective& objective, int32_t last, int32_t limit,
                                          Among among) {
  std::string sql =
      "SELECT number, objective FROM jobs WHERE sweep = ? AND objective IS NOT NULL AND number <= ?";
  if (among == Among::kTrainedHere) sql += " AND reused_from IS NULL";
  sql.append(" ORDER BY objective").append(objective.maximize ? " DESC" : "").append(", number LIMIT ?");
  std::vector<BestJob> best;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, sql,
      [&](const Statement& row) -> Status {
        best.push_back({static_cast<int32_t>(row.Int(0)), row.Real(1)});
        return {};
      },
      sweep, last, limit));
  return best;
}

}  // namespace optfleet::store
