// What the next stage of a sweep depends on.
#include <utility>

#include "coordinator/store/encode.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/read_state.h"

namespace optfleet::store {
namespace {

constexpr const char* kResults = R"sql(
SELECT number, spec_hash, objective, final_json, outcome IN ('succeeded', 'stopped_early') FROM jobs
WHERE sweep = ? AND number <= ? AND state = 'ended')sql";

}  // namespace

Result<StagedSweep> ReadStagedSweep(Connection* connection, const std::string& sweep) {
  auto view = ReadOneSweep(connection, sweep);
  if (!view.has_value()) return Fail(view.error());
  auto points = ReadSweepPoints(connection, sweep);
  if (!points.has_value()) return Fail(points.error());
  StagedSweep staged{.points = std::move(*points), .source = std::move(view->source), .results = {}};
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, kResults,
      [&](const Statement& row) -> Status {
        JobResult& result = staged.results[row.Text(1)];
        result.job = static_cast<int32_t>(row.Int(0));
        if (!row.IsNull(2)) result.objective = row.Real(2);
        if (row.Int(4) != 0) result.final = DecodeFigures(row.Text(3));
        return {};
      },
      sweep, staged.points.sweep.job_count));
  return staged;
}

}  // namespace optfleet::store
