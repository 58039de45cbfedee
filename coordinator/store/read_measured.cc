// What jobs that succeeded tell of the speed of devices.
#include <algorithm>
#include <utility>

#include "common/json.h"
#include "coordinator/store/encode.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/read_state.h"
#include "coordinator/store/spec_reader.h"

namespace optfleet::store {
namespace {

constexpr const char* kSweeps = "SELECT id, job_count FROM sweeps ORDER BY create_time DESC, id DESC LIMIT ?";
// The first from `?` on, before `?`. Its newest attempt is the one that succeeded.
constexpr const char* kOne = R"sql(
SELECT jobs.number, jobs.step, jobs.attempt_count, attempts.create_time, attempts.end_time, attempts.slots_json,
  attempts.reported_json FROM jobs JOIN attempts ON attempts.sweep = jobs.sweep AND attempts.job = jobs.number AND
  attempts.number = jobs.attempt_count
WHERE jobs.sweep = ? AND jobs.number >= ? AND jobs.number < ? AND jobs.state = 'ended' AND jobs.outcome = 'succeeded' AND
  jobs.reused_from IS NULL AND attempts.reported_json IS NOT NULL
ORDER BY jobs.number LIMIT 1)sql";

struct SweepSize {
  std::string id;
  int64_t jobs = 0;
};

Result<std::vector<SweepSize>> NewestSweeps(Connection* connection, int32_t limit) {
  std::vector<SweepSize> sweeps;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, kSweeps,
      [&](const Statement& row) -> Status {
        sweeps.push_back({row.Text(0), row.Int(1)});
        return {};
      },
      limit));
  return sweeps;
}

// Of the stamp of a result (docs/run-directory.md). No model where it does not say, or where there were
// several.
MeasuredDevice DeviceIn(const std::string& numerics_json) {
  const Json stamp = Json::parse(numerics_json, nullptr, /*allow_exceptions=*/false);
  MeasuredDevice device;
  if (!stamp.is_object()) return device;
  const auto text = [&](const char* key) {
    return stamp.contains(key) && stamp[key].is_string() ? stamp[key].get<std::string>() : std::string();
  };
  device.kind = text("device") == "cuda" ? domain::SlotKind::kGpu : domain::SlotKind::kCpu;
  device.model = DecodeGround(numerics_json).device_model;
  if (stamp.contains("threads") && stamp["threads"].is_number_integer())
    device.threads = stamp["threads"].get<int32_t>();
  return device;
}

MeasuredJob FromRow(const Statement& row, const std::string& sweep) {
  MeasuredJob job;
  job.name = {sweep, static_cast<int32_t>(row.Int(0))};
  job.steps = row.Int(1);
  const bool in_one = row.Int(2) == 1;
  if (in_one && !row.IsNull(4))
    job.held_seconds =
        std::chrono::duration<double>(TimeFromUnixMicros(row.Int(4)) - TimeFromUnixMicros(row.Int(3)))
            .count();
  job.slots = static_cast<int32_t>(DecodeInts(row.Text(5)).size());
  domain::ReportedEnd end = DecodeEnd(row.Text(6));
  job.final = std::move(end.final);
  job.device = DeviceIn(end.numerics_json);
  return job;
}

// Of each of equal parts of its numbers the first one: the blocks of a grid lie behind each other.
Status AddOf(Connection* connection, const SweepSize& sweep, int64_t most, std::vector<MeasuredJob>* jobs) {
  const int64_t parts = std::min(sweep.jobs, most);
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = 1 + part * sweep.jobs / parts, end = 1 + (part + 1) * sweep.jobs / parts;
    OPTFLEET_RETURN_IF_ERROR(ForEachRow(
        connection, kOne,
        [&](const Statement& row) -> Status {
          MeasuredJob job = FromRow(row, sweep.id);
          if (!job.device.model.empty()) jobs->push_back(std::move(job));
          return {};
        },
        sweep.id, first, end));
  }
  return {};
}

}  // namespace

Result<std::vector<MeasuredJob>> ReadMeasuredJobs(Connection* connection, const MeasuredLimits& limits) {
  const auto sweeps = NewestSweeps(connection, limits.sweeps);
  if (!sweeps) return Fail(sweeps.error());
  std::vector<MeasuredJob> jobs;
  for (const SweepSize& sweep : *sweeps) {
    const int64_t left = limits.jobs - static_cast<int64_t>(jobs.size());
    OPTFLEET_RETURN_IF_ERROR(AddOf(connection, sweep, std::min<int64_t>(limits.jobs_of_sweep, left), &jobs));
  }
  auto specs = SpecReader::Prepare(connection);
  if (!specs) return Fail(std::move(specs).error());
  for (MeasuredJob& job : jobs) {
    auto spec = specs->Read(job.name);
    if (!spec) return Fail(std::move(spec).error());
    job.spec_json = *std::move(spec);
  }
  return jobs;
}

}  // namespace optfleet::store
