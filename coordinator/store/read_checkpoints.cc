// Checkpoints that outlived their jobs.
#include "coordinator/store/read_rows.h"
#include "coordinator/store/read_state.h"
#include "coordinator/store/rows.h"

namespace optfleet::store {
namespace {

constexpr const char* kPinned = R"sql(
, EXISTS (SELECT 1 FROM pins WHERE pins.sweep = checkpoints.sweep AND pins.job = checkpoints.job
  AND pins.attempt = checkpoints.attempt AND pins.step = checkpoints.step) FROM checkpoints WHERE )sql";

template <typename... Parameters>
Result<std::vector<CheckpointView>> Select(Connection* connection, const std::string& where,
                                           const Parameters&... parameters) {
  std::vector<CheckpointView> views;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, std::string("SELECT ") + kCheckpointColumns + kPinned + where,
      [&](const Statement& row) -> Status {
        auto checkpoint = ReadCheckpoint(row);
        if (!checkpoint.has_value()) return Fail(checkpoint.error());
        views.push_back({*std::move(checkpoint), row.Int(kCheckpointColumnCount) != 0});
        return {};
      },
      parameters...));
  return views;
}

}  // namespace

Result<std::vector<CheckpointView>> ReadCheckpoints(Connection* connection, const std::string& sweep,
                                                    std::optional<int32_t> job,
                                                    const std::optional<domain::KeptId>& after,
                                                    int32_t limit) {
  if (job) {
    if (auto there = ReadOneJob(connection, {sweep, *job}); !there.has_value()) return Fail(there.error());
  } else if (auto there = ReadOneSweep(connection, sweep); !there.has_value()) {
    return Fail(there.error());
  }
  const domain::KeptId first = after.value_or(domain::KeptId{});
  const AttemptName& attempt = first.name.attempt;
  return Select(connection,
                "sweep = ?1 AND job BETWEEN ?2 AND ?3 AND (job, attempt, step, incarnation, worker) > "
                "(?4, ?5, ?6, ?7, ?8) ORDER BY job, attempt, step, incarnation, worker LIMIT ?9",
                sweep, job.value_or(0), job.value_or(INT32_MAX), attempt.job.job, attempt.attempt,
                first.name.step, first.incarnation, first.worker, limit);
}

Result<CheckpointView> ReadOneCheckpoint(Connection* connection, const CheckpointName& name) {
  const AttemptName& attempt = name.attempt;
  // One that stays before one that goes.
  auto views = Select(connection,
                      "sweep = ? AND job = ? AND attempt = ? AND step = ? "
                      "ORDER BY released_time IS NOT NULL, incarnation DESC, worker LIMIT 1",
                      attempt.job.sweep, attempt.job.job, attempt.attempt, name.step);
  if (!views.has_value()) return Fail(views.error());
  if (views->empty()) return Fail(NoSuch(ToResource(name)));
  return std::move(views->front());
}

}  // namespace optfleet::store
