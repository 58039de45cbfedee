// Sweeps with what their jobs add up to.
#include <utility>

#include "coordinator/store/encode.h"
#include "coordinator/store/read_best.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/read_state.h"
#include "coordinator/store/rows.h"

namespace optfleet::store {
namespace {

// An ended job has nothing left of its budget, wherever it stopped.
constexpr const char* kCounts = R"sql(
SELECT state, outcome, count(*), sum(total_steps), sum(slot_time) FROM jobs WHERE sweep = ? GROUP BY state, outcome)sql";
// By the index of the state, so that jobs that have ended cost nothing.
constexpr const char* kRunning = R"sql(
SELECT attempts.start_time, jobs.resources_json FROM jobs
JOIN attempts ON attempts.sweep = jobs.sweep AND attempts.job = jobs.number AND attempts.number = jobs.attempt_count
WHERE jobs.sweep = ? AND jobs.state = 'running' AND jobs.outcome IS NULL AND attempts.state <> 'ended'
  AND attempts.start_time IS NOT NULL)sql";
constexpr const char* kBetween = R"sql(
SELECT sum(total_steps), sum(outcome IS 'succeeded'), sum(iif(state = 'ended', total_steps, 0)) FROM jobs
WHERE sweep = ? AND number > ? AND number <= ?)sql";
constexpr const char* kOpenSteps = R"sql(
SELECT sum(newest.step) FROM jobs
JOIN metrics.attempts AS newest ON newest.job = 'sweeps/' || jobs.sweep || '/jobs/' || jobs.number
  AND newest.number = (SELECT max(number) FROM metrics.segments WHERE segments.job = newest.job)
WHERE jobs.sweep = ? AND jobs.state IN ('queued', 'assigned', 'running', 'paused') AND jobs.outcome IS NULL
  AND jobs.attempt_count > 0)sql";

// A sweep that is being extended has jobs on disk behind its job_count that are not of it yet: queued, or
// succeeded where an outcome is taken over. They are counted with the others, since a count of those alone
// would need more than its index. What is not in the index is asked of the fewer rows, its own or those.
Status TakeOffComing(Connection* connection, SweepView* view) {
  int32_t written = 0;
  for (const auto& [state, count] : view->counts) written += count;
  const int32_t jobs = view->sweep.job_count;
  const int32_t coming = written - jobs;
  if (coming <= 0) return {};
  const bool of_own = jobs < coming;
  return ForEachRow(
      connection, kBetween,
      [&](const Statement& row) -> Status {
        int32_t& succeeded = view->counts[std::string(OutcomeName(Outcome::kSucceeded))];
        const auto found = static_cast<int32_t>(row.Int(1));
        const int32_t reused = of_own ? succeeded - found : found;
        succeeded -= reused;
        view->counts[std::string(domain::Name(domain::JobState::kQueued))] -= coming - reused;
        std::erase_if(view->counts, [](const auto& entry) { return entry.second == 0; });
        view->steps_total = of_own ? row.Int(0) : view->steps_total - row.Int(0);
        view->steps_done = of_own ? row.Int(2) : view->steps_done - row.Int(2);
        return {};
      },
      view->sweep.id, of_own ? 0 : jobs, of_own ? jobs : written);
}

Status AddTotals(Connection* connection, SweepView* view) {
  const std::string& id = view->sweep.id;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, kCounts,
      [&](const Statement& row) -> Status {
        const bool ended = !row.IsNull(1);
        view->counts[row.Text(ended ? 1 : 0)] = static_cast<int32_t>(row.Int(2));
        view->steps_total += row.Int(3);
        if (ended) view->steps_done += row.Int(3);
        view->slot_time += row.Int(4);
        return {};
      },
      id));
  OPTFLEET_RETURN_IF_ERROR(TakeOffComing(connection, view));
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, kOpenSteps,
      [&](const Statement& row) -> Status {
        view->steps_done += row.Int(0);
        return {};
      },
      id));
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, kRunning,
      [&](const Statement& row) -> Status {
        view->running.push_back({TimeFromUnixMicros(row.Int(0)), SharesOf(DecodeResources(row.Text(1)))});
        return {};
      },
      id));
  const auto best = ReadBestJobs(connection, id, view->sweep.objective, view->sweep.job_count, 1);
  if (!best.has_value()) return Fail(best.error());
  if (best->empty()) return {};
  view->best_job = JobName{id, best->front().job};
  view->best_objective = best->front().objective;
  return {};
}

Result<SweepView> ViewOf(Connection* connection, const Statement& row) {
  auto sweep = ReadSweep(row);
  if (!sweep.has_value()) return Fail(sweep.error());
  SweepView view;
  view.sweep = std::move(*sweep);
  OPTFLEET_RETURN_IF_ERROR(AddTotals(connection, &view));
  return view;
}

}  // namespace

Result<SweepView> ReadOneSweep(Connection* connection, const std::string& id) {
  std::optional<SweepView> view;
  const std::string sql =
      std::string("SELECT ") + kSweepColumns +
      ", files_json, overrides_json, working_folder, environment_json FROM sweeps "
      "JOIN sources ON sources.sweep = sweeps.id WHERE sweeps.id = ? AND state <> 'expanding' "
      "ORDER BY sources.revision DESC LIMIT 1";
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, sql,
      [&](const Statement& row) -> Status {
        auto one = ViewOf(connection, row);
        if (!one.has_value()) return Fail(one.error());
        view = std::move(*one);
        view->source = {DecodeFiles(row.Text(kSweepColumnCount)),
                        DecodeTexts(row.Text(kSweepColumnCount + 1)), row.Text(kSweepColumnCount + 2),
                        DecodeTextMap(row.Text(kSweepColumnCount + 3))};
        return {};
      },
      id));
  if (!view) return Fail(NoSuch(SweepResource(id)));
  return std::move(*view);
}

Result<std::vector<SweepView>> ReadSweeps(Connection* connection, const std::optional<SweepKey>& after,
                                          int32_t limit) {
  std::vector<SweepView> views;
  const std::string sql = std::string("SELECT ") + kSweepColumns +
                          " FROM sweeps WHERE (create_time, id) < (?, ?) AND state <> 'expanding' "
                          "ORDER BY create_time DESC, id DESC LIMIT ?";
  const int64_t time = after ? UnixMicros(after->create_time) : INT64_MAX;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, sql,
      [&](const Statement& row) -> Status {
        auto view = ViewOf(connection, row);
        if (!view.has_value()) return Fail(view.error());
        views.push_back(std::move(*view));
        return {};
      },
      time, after ? after->id : std::string(), limit));
  return views;
}

}  // namespace optfleet::store
