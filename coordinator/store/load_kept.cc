#include "coordinator/store/load_kept.h"

#include <set>
#include <string>
#include <utility>

#include "common/kept_path.h"
#include "coordinator/store/read_best.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/rows.h"

namespace optfleet::store {
namespace {

// The specs of few jobs name a kept checkpoint: none is parsed that does not hold kInKept. Jobs by which
// others are kept (spec_base); they may have ended.
constexpr const char* kBases = R"sql(
SELECT jobs.sweep, jobs.number FROM sweeps CROSS JOIN jobs ON jobs.sweep = sweeps.id
WHERE sweeps.state = 'active' AND sweeps.names_kept AND jobs.spec_base IS NULL AND instr(jobs.spec_json, ?) > 0)sql";
constexpr const char* kOpenJobs = R"sql(
SELECT jobs.sweep, jobs.number, jobs.spec_base, instr(jobs.spec_json, ?1) > 0, jobs.spec_json,
  (SELECT base.spec_json FROM jobs AS base WHERE base.sweep = jobs.sweep AND base.number = jobs.spec_base)
FROM sweeps CROSS JOIN jobs ON jobs.sweep = sweeps.id AND jobs.state IN ('queued', 'assigned', 'running', 'paused')
  AND jobs.outcome IS NULL
WHERE sweeps.state = 'active' AND sweeps.names_kept
  AND (instr(jobs.spec_json, ?1) > 0 OR (?2 AND jobs.spec_base IS NOT NULL)))sql";

JobName JobAt(const Statement& row) { return {row.Text(0), static_cast<int32_t>(row.Int(1))}; }

Status LoadStarts(Connection* connection, engine::SavedState* saved) {
  std::set<JobName> bases;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, kBases,
      [&](const Statement& row) -> Status {
        bases.insert(JobAt(row));
        return {};
      },
      kInKept));
  return ForEachRow(
      connection, kOpenJobs,
      [&](const Statement& row) -> Status {
        const JobName job = JobAt(row);
        const bool by_base = !row.IsNull(2) && bases.contains({job.sweep, static_cast<int32_t>(row.Int(2))});
        if (row.Int(3) == 0 && !by_base) return {};
        const auto spec = ReadSpec(row, job, 4, 5);
        if (!spec.has_value()) return Fail(spec.error());
        auto names = KeptCheckpointsIn(*spec);
        if (!names.empty()) saved->starts[job] = std::move(names);
        return {};
      },
      kInKept, !bases.empty());
}

Status LoadBest(Connection* connection, engine::SavedSweep* sweep) {
  if (!sweep->sweep.keep.best_jobs) return {};
  const domain::Sweep& row = sweep->sweep;
  const auto best = ReadBestJobs(connection, row.id, row.objective, row.job_count, *row.keep.best_jobs,
                                 Among::kTrainedHere);
  if (!best.has_value()) return Fail(best.error());
  for (const BestJob& job : *best) sweep->best.insert({row.objective.CostOf(job.objective), job.job});
  return {};
}

}  // namespace

Status LoadKept(Connection* connection, engine::SavedState* saved) {
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(connection,
                                      std::string("SELECT ") + kCheckpointColumns + " FROM checkpoints",
                                      [&](const Statement& row) -> Status {
                                        auto checkpoint = ReadCheckpoint(row);
                                        if (!checkpoint.has_value()) return Fail(checkpoint.error());
                                        saved->kept.push_back(*std::move(checkpoint));
                                        return {};
                                      }));
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, "SELECT sweep, job, attempt, step FROM pins", [&](const Statement& row) -> Status {
        saved->pins.push_back({{JobAt(row), static_cast<int32_t>(row.Int(2))}, row.Int(3)});
        return {};
      }));
  for (engine::SavedSweep& sweep : saved->sweeps) OPTFLEET_RETURN_IF_ERROR(LoadBest(connection, &sweep));
  return LoadStarts(connection, saved);
}

}  // namespace optfleet::store
