// What the engine needs of ended jobs and of a whole sweep, to give it more to do.
#include <limits>
#include <set>
#include <utility>

#include "coordinator/store/encode.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/read_state.h"
#include "coordinator/store/rows.h"

namespace optfleet::store {
namespace {

Status AddAttempts(Connection* connection, engine::EndedJob* ended) {
  auto views = ReadAttempts(connection, ended->job.name(), 0, std::numeric_limits<int32_t>::max());
  if (!views.has_value()) return Fail(views.error());
  for (AttemptView& view : *views) {
    if (view.held_record > 0)
      ended->held[view.attempt.name] = {view.attempt.name, view.held_record, view.step};
    ended->attempts.push_back(std::move(view.attempt));
  }
  return {};
}

Result<domain::Sweep> SweepRow(Connection* connection, const std::string& id) {
  std::optional<domain::Sweep> sweep;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection,
      std::string("SELECT ") + kSweepColumns + " FROM sweeps WHERE id = ? AND state <> 'expanding'",
      [&](const Statement& row) -> Status {
        auto read = ReadSweep(row);
        if (!read.has_value()) return Fail(read.error());
        sweep = std::move(*read);
        return {};
      },
      id));
  if (!sweep) return Fail(NoSuch(SweepResource(id)));
  return *std::move(sweep);
}

// In order and each once. Those that were asked for by number may have any state.
Result<std::vector<int32_t>> SelectedNumbers(Connection* connection, const std::string& sweep,
                                             const EndedSelection& selection) {
  std::set<int32_t> numbers(selection.jobs.begin(), selection.jobs.end());
  if (!numbers.empty()) return std::vector<int32_t>(numbers.begin(), numbers.end());
  for (const Outcome outcome : selection.outcomes) {
    OPTFLEET_RETURN_IF_ERROR(ForEachRow(
        connection, "SELECT number FROM jobs WHERE sweep = ? AND state = 'ended' AND outcome = ?",
        [&](const Statement& one) -> Status {
          numbers.insert(static_cast<int32_t>(one.Int(0)));
          return {};
        },
        sweep, NameOf(outcome)));
  }
  return std::vector<int32_t>(numbers.begin(), numbers.end());
}

}  // namespace

Result<EndedJobs> ReadEndedJobs(Connection* connection, const std::string& sweep,
                                const EndedSelection& selection) {
  auto row = SweepRow(connection, sweep);
  if (!row.has_value()) return Fail(row.error());
  EndedJobs ended;
  ended.revision = row->revision;
  const auto numbers = SelectedNumbers(connection, sweep, selection);
  if (!numbers.has_value()) return Fail(numbers.error());
  for (const int32_t number : *numbers) {
    OPTFLEET_RETURN_IF_ERROR(ForEachRow(
        connection,
        std::string("SELECT ") + kJobColumns +
            " FROM jobs WHERE sweep = ? AND number = ? AND state = 'ended'",
        [&](const Statement& one) -> Status {
          auto job = ReadJob(one);
          if (!job.has_value()) return Fail(job.error());
          ended.jobs.push_back({std::move(*job), {}, {}});
          return {};
        },
        sweep, number));
  }
  for (engine::EndedJob& job : ended.jobs) OPTFLEET_RETURN_IF_ERROR(AddAttempts(connection, &job));
  return ended;
}

Result<SweepPoints> ReadSweepPoints(Connection* connection, const std::string& sweep) {
  auto row = SweepRow(connection, sweep);
  if (!row.has_value()) return Fail(row.error());
  SweepPoints points;
  points.sweep = std::move(*row);
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, "SELECT number, spec_hash, parameters_json FROM jobs WHERE sweep = ? AND number <= ?",
      [&](const Statement& one) -> Status {
        points.by_hash.emplace(one.Text(1),
                               KnownPoint{static_cast<int32_t>(one.Int(0)), DecodeParameters(one.Text(2))});
        return {};
      },
      sweep, points.sweep.job_count));
  return points;
}

}  // namespace optfleet::store
