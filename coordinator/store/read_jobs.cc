// Jobs, attempts, workers and events.
#include <algorithm>
#include <utility>

#include "coordinator/store/encode.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/read_state.h"
#include "coordinator/store/rows.h"

namespace optfleet::store {
namespace {

constexpr const char* kNewestOfJob = R"sql(
SELECT step, latest_json FROM metrics.attempts WHERE job = ? AND held_record > 0 ORDER BY number DESC LIMIT 1)sql";
constexpr const char* kHeld = R"sql(
SELECT held_record, step FROM metrics.attempts WHERE job = ? AND number = ? AND incarnation = ?)sql";
// Neither its sweep nor what it extends that by is still being written.
constexpr const char* kVisible =
    "EXISTS (SELECT 1 FROM sweeps WHERE sweeps.id = jobs.sweep AND sweeps.state <> 'expanding' "
    "AND jobs.number <= sweeps.job_count)";
// Behind the columns of a job.
constexpr const char* kItsAxes = ", (SELECT axes_json FROM sweeps WHERE sweeps.id = jobs.sweep)";
constexpr const char* kWaiting =
    "SELECT reason FROM waiting WHERE sweep = ? AND resources_json = ? AND bound_worker = ?";

Status AddNewest(Connection* connection, JobView* view) {
  return ForEachRow(
      connection, kNewestOfJob,
      [&](const Statement& row) -> Status {
        view->job.status.step = row.Int(0);
        view->latest = DecodeFigures(row.Text(1));
        return {};
      },
      ToResource(view->job.status.reused_from.value_or(view->job.name())));
}

// A queued job says why: what brought it back to the queue, then what it waits for. In back-off the first
// holds both.
Status AddReason(Connection* connection, JobView* view) {
  domain::JobStatus& status = view->job.status;
  if (status.state != domain::JobState::kQueued) return {};
  std::string waits;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, kWaiting,
      [&](const Statement& row) -> Status {
        waits = row.Text(0);
        return {};
      },
      view->job.name().sweep, EncodeResources(view->job.definition.resources), status.bound_worker));
  if (waits.empty() && status.reason.empty()) waits = "it will be placed at once";
  if (!waits.empty()) status.reason += (status.reason.empty() ? "" : "; ") + waits;
  return {};
}

// The values on the axes, in their order. A job may have others: of axes that its sweep had, or is about to
// get.
std::vector<domain::Parameter> OnAxes(const std::vector<std::string>& axes,
                                      std::vector<domain::Parameter> parameters) {
  std::vector<domain::Parameter> chosen;
  for (const std::string& axis : axes) {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const domain::Parameter& one) { return one.key == axis; });
    if (found != parameters.end()) chosen.push_back(std::move(*found));
  }
  return chosen;
}

Result<JobView> ViewOfJob(Connection* connection, const Statement& row) {
  auto job = ReadJob(row);
  if (!job.has_value()) return Fail(job.error());
  JobView view{std::move(*job), {}};
  std::vector<domain::Parameter>& parameters = view.job.definition.parameters;
  parameters = OnAxes(DecodeTexts(row.Text(kJobColumnCount)), std::move(parameters));
  if (view.job.status.attempt_count > 0 || view.job.status.reused_from)
    OPTFLEET_RETURN_IF_ERROR(AddNewest(connection, &view));
  OPTFLEET_RETURN_IF_ERROR(AddReason(connection, &view));
  return view;
}

Result<AttemptView> ViewOfAttempt(Connection* connection, const Statement& row) {
  auto attempt = ReadAttempt(row);
  if (!attempt.has_value()) return Fail(attempt.error());
  AttemptView view{std::move(*attempt), 0, 0};
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, kHeld,
      [&](const Statement& held) -> Status {
        view.held_record = held.Int(0);
        view.step = held.Int(1);
        return {};
      },
      ToResource(view.attempt.name.job), view.attempt.name.attempt, view.attempt.fence.incarnation));
  return view;
}

// Collects what `make` makes of each row.
template <typename View, typename... Parameters>
Result<std::vector<View>> Collect(Connection* connection, const std::string& sql,
                                  Result<View> (*make)(Connection*, const Statement&),
                                  const Parameters&... parameters) {
  std::vector<View> views;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, sql,
      [&](const Statement& row) -> Status {
        auto view = make(connection, row);
        if (!view.has_value()) return Fail(view.error());
        views.push_back(std::move(*view));
        return {};
      },
      parameters...));
  return views;
}

Result<WorkerView> ViewOfWorker(Connection* connection, const Statement& row) {
  auto worker = ReadWorker(row);
  if (!worker.has_value()) return Fail(worker.error());
  WorkerView view{std::move(*worker), {}};
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection,
      "SELECT sweep, job, number FROM attempts WHERE worker = ? AND state <> 'ended' ORDER BY sweep, job, "
      "number",
      [&](const Statement& name) -> Status {
        view.attempts.push_back(
            {{name.Text(0), static_cast<int32_t>(name.Int(1))}, static_cast<int32_t>(name.Int(2))});
        return {};
      },
      view.worker.id));
  return view;
}

Result<domain::Event> EventOf(Connection*, const Statement& row) {
  return domain::Event{TimeFromUnixMicros(row.Int(0)), row.Text(1), row.Text(2), row.Text(3)};
}

Result<domain::AttemptLog> LogOf(Connection*, const Statement& row) {
  return domain::AttemptLog{
      {{row.Text(0), static_cast<int32_t>(row.Int(1))}, static_cast<int32_t>(row.Int(2))},
      row.Text(3),
      row.Int(4)};
}

// The only row, or NOT_FOUND.
template <typename View>
Result<View> Only(Result<std::vector<View>> views, const std::string& resource) {
  if (!views.has_value()) return Fail(views.error());
  if (views->empty()) return Fail(NoSuch(resource));
  return std::move(views->front());
}

}  // namespace

Error NoSuch(const std::string& resource) { return Error(Code::kNotFound, "there is no " + resource); }

Result<JobView> ReadOneJob(Connection* connection, const JobName& name) {
  const std::string sql = std::string("SELECT ") + kJobColumns + kItsAxes +
                          " FROM jobs WHERE sweep = ? AND number = ? AND " + kVisible;
  return Only(Collect(connection, sql, &ViewOfJob, name.sweep, name.job), ToResource(name));
}

Result<std::vector<JobView>> ReadJobs(Connection* connection, const std::optional<std::string>& sweep,
                                      const std::optional<JobName>& after, int32_t limit) {
  const JobName start = after.value_or(JobName{});
  const std::string select = std::string("SELECT ") + kJobColumns + kItsAxes + " FROM jobs WHERE ";
  if (!sweep) {
    return Collect(connection,
                   select + "(sweep, number) > (?, ?) AND " + kVisible + " ORDER BY sweep, number LIMIT ?",
                   &ViewOfJob, start.sweep, start.job, limit);
  }
  auto exists = connection->Prepare("SELECT job_count FROM sweeps WHERE id = ? AND state <> 'expanding'");
  if (!exists.has_value()) return Fail(exists.error());
  const auto found = exists->Bind(*sweep).Step();
  if (!found.has_value()) return Fail(found.error());
  if (!*found) return Fail(NoSuch(SweepResource(*sweep)));
  return Collect(connection, select + "sweep = ? AND number > ? AND number <= ? ORDER BY number LIMIT ?",
                 &ViewOfJob, *sweep, start.job, exists->Int(0), limit);
}

Result<AttemptView> ReadOneAttempt(Connection* connection, const AttemptName& name) {
  const std::string sql =
      std::string("SELECT ") + kAttemptColumns + " FROM attempts WHERE sweep = ? AND job = ? AND number = ?";
  return Only(Collect(connection, sql, &ViewOfAttempt, name.job.sweep, name.job.job, name.attempt),
              ToResource(name));
}

Result<std::vector<AttemptView>> ReadAttempts(Connection* connection, const JobName& job, int32_t after,
                                              int32_t limit) {
  const auto exists = ReadOneJob(connection, job);
  if (!exists.has_value()) return Fail(exists.error());
  const std::string sql = std::string("SELECT ") + kAttemptColumns +
                          " FROM attempts WHERE sweep = ? AND job = ? AND number > ? ORDER BY number LIMIT ?";
  return Collect(connection, sql, &ViewOfAttempt, job.sweep, job.job, after, limit);
}

Result<domain::AttemptLog> ReadLog(Connection* connection, const AttemptName& name) {
  const std::string sql =
      "SELECT sweep, job, number, text, skipped_bytes FROM attempt_logs WHERE sweep = ? AND job = ? AND "
      "number = ?";
  return Only(Collect(connection, sql, &LogOf, name.job.sweep, name.job.job, name.attempt),
              "log of " + ToResource(name));
}

Result<std::vector<WorkerView>> ReadWorkers(Connection* connection, const std::string& after, int32_t limit) {
  const std::string sql =
      std::string("SELECT ") + kWorkerColumns + " FROM workers WHERE id > ? ORDER BY id LIMIT ?";
  return Collect(connection, sql, &ViewOfWorker, after, limit);
}

Result<WorkerView> ReadOneWorker(Connection* connection, const std::string& id) {
  const std::string sql = std::string("SELECT ") + kWorkerColumns + " FROM workers WHERE id = ?";
  return Only(Collect(connection, sql, &ViewOfWorker, id), WorkerResource(id));
}

Result<std::vector<domain::Event>> ReadNewestEvents(Connection* connection, const std::string& subject,
                                                    int32_t limit) {
  auto events = Collect(
      connection,
      "SELECT time, subject, what, reason FROM events WHERE subject = ?1 OR (subject >= ?1 || '/' AND "
      "subject < ?1 || '0') ORDER BY id DESC LIMIT ?2",
      &EventOf, subject, limit);
  if (events.has_value()) std::reverse(events->begin(), events->end());
  return events;
}

Result<std::vector<domain::Event>> ReadEvents(Connection* connection, const std::string& subject,
                                              int64_t skip, int32_t limit) {
  // '0' is the character behind '/': everything below the subject.
  return Collect(
      connection,
      "SELECT time, subject, what, reason FROM events WHERE subject = ?1 OR (subject >= ?1 || '/' AND "
      "subject < ?1 || '0') ORDER BY id LIMIT ?3 OFFSET ?2",
      &EventOf, subject, skip, limit);
}

}  // namespace optfleet::store
