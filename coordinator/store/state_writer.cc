#include "coordinator/store/state_writer.h"

#include <array>
#include <cmath>
#include <deque>
#include <optional>

#include "coordinator/store/encode.h"
#include "coordinator/store/rows.h"
#include "coordinator/store/spec_delta.h"

namespace optfleet::store {
namespace {

constexpr char kUpsertSweep[] = R"sql(
INSERT INTO sweeps VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
ON CONFLICT (id) DO UPDATE SET state = ?3, axes_json = ?4, job_count = ?6, merged_points = ?7, priority = ?8,
  cancel_requested = ?9, end_time = ?11, max_running = ?12, pause = ?13, revision = ?14, keep_json = ?15,
  names_kept = ?17, reused_jobs = ?18, stages_json = ?19,
  search_json = ?20, first_competitor = ?21)sql";
constexpr char kInsertSource[] = "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?)";
constexpr char kInsertJob[] = R"sql(
INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', NULL, '', 0, '', '', 0, NULL, NULL, '', 0, '{}', NULL, NULL, NULL,
  ?, ?, NULL, 0, 0))sql";
constexpr char kUpsertRung[] = "INSERT OR REPLACE INTO rungs VALUES (?, ?, ?, ?, ?)";
constexpr char kDropJobs[] = "DELETE FROM jobs WHERE sweep = ? AND number > ?";
constexpr char kDropSources[] = "DELETE FROM sources WHERE sweep = ?";
constexpr char kDropSweep[] = "DELETE FROM sweeps WHERE id = ? AND state = 'expanding'";
constexpr char kSetParameters[] = "UPDATE jobs SET parameters_json = ?3 WHERE sweep = ?1 AND number = ?2";
constexpr char kUpdateJob[] = R"sql(
UPDATE jobs SET state = ?3, outcome = ?4, reason = ?5, attempt_count = ?6, worker = ?7, bound_worker = ?8, failures = ?9,
  not_before = ?10, stop = ?11, stop_reason = ?12, step = ?13, final_json = ?14, objective = ?15, start_time = ?16, end_time = ?17,
  reused_from = ?18, rung = ?19, slot_time = ?20
WHERE sweep = ?1 AND number = ?2)sql";
constexpr char kUpsertAttempt[] = R"sql(
INSERT INTO attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
  ?23, ?24)
ON CONFLICT (sweep, job, number) DO UPDATE SET incarnation = ?4, state = ?5, outcome = ?6, reason = ?7, worker = ?8, slots_json = ?9,
  resume_attempt = ?10, start_known = ?11, parent = ?12, resume_step = ?13, resume_record = ?14, checkpoint_step = ?15,
  checkpoint_record = ?16, record_limit = ?17, lease_time = ?18, reported_json = ?19, create_time = ?20, start_time = ?21,
  end_time = ?22, trainer_pid = ?23, run_directory = ?24)sql";
constexpr char kUpsertWorker[] = R"sql(
INSERT INTO workers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (id) DO UPDATE SET state = ?2, slots_json = ?3, version = ?4, host = ?5, session = ?6,
  retired_sessions_json = ?7, last_seen = ?8, labels_json = ?9, host_memory_bytes = ?10, drain = ?11,
  failures_in_a_row = ?12, excluded_until = ?13)sql";
constexpr char kUpsertLog[] = "INSERT OR REPLACE INTO attempt_logs VALUES (?, ?, ?, ?, ?)";
constexpr char kInsertEvent[] = "INSERT INTO events(time, subject, what, reason) VALUES (?, ?, ?, ?)";
constexpr char kInsertRequest[] = "INSERT INTO requests VALUES (?, ?, ?, ?)";
constexpr char kForgetRequests[] = "DELETE FROM requests WHERE time < ?";
constexpr char kUpsertCheckpoint[] = R"sql(
INSERT INTO checkpoints VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT DO UPDATE SET path = ?7, val_loss = ?8, bytes = ?9, released_time = ?10)sql";
constexpr char kDropCheckpoint[] = R"sql(
DELETE FROM checkpoints WHERE sweep = ? AND job = ? AND attempt = ? AND step = ? AND incarnation = ? AND worker = ?)sql";
constexpr char kPin[] = "INSERT OR REPLACE INTO pins VALUES (?, ?, ?, ?, ?)";
constexpr char kUnpin[] = "DELETE FROM pins WHERE sweep = ? AND job = ? AND attempt = ? AND step = ?";
constexpr char kClearWaiting[] = "DELETE FROM waiting";
constexpr char kInsertWaiting[] = "INSERT INTO waiting VALUES (?, ?, ?, ?)";

constexpr std::array kAll = {
    kUpsertRung,     kDropJobs,      kDropSources,    kDropSweep,     kUpsertSweep,   kInsertSource,
    kInsertJob,      kUpdateJob,     kSetParameters,  kUpsertAttempt, kUpsertWorker,  kUpsertLog,
    kInsertEvent,    kInsertRequest, kForgetRequests, kClearWaiting,  kInsertWaiting, kUpsertCheckpoint,
    kDropCheckpoint, kPin,           kUnpin};

// Jobs whose whole spec is on disk, to keep others of their sweep by. One for each set of keys, newest first,
// and not too many to try.
class SpecBases {
 public:
  struct Short {
    std::string spec;
    std::optional<int32_t> base;
  };
  Short Shorten(const domain::JobDefinition& job) {
    if (!bases_.empty() && bases_.front().job->name.sweep != job.name.sweep) bases_.clear();
    for (const Base& base : bases_) {
      if (auto delta = base.spec.DeltaOf(job.spec_json)) return {*std::move(delta), base.job->name.job};
    }
    if (bases_.size() == kMost) bases_.pop_back();
    bases_.push_front({&job, SpecBase(job.spec_json)});
    return {job.spec_json, std::nullopt};
  }

 private:
  static constexpr size_t kMost = 8;
  struct Base {
    const domain::JobDefinition* job;
    SpecBase spec;
  };
  std::deque<Base> bases_;
};

}  // namespace

Result<StateWriter> StateWriter::Prepare(Connection* connection) {
  StateWriter writer;
  for (const char* sql : kAll) {
    auto statement = connection->Prepare(sql);
    if (!statement.has_value()) return Fail(statement.error());
    writer.statements_.emplace(sql, std::move(*statement));
  }
  return writer;
}

Status StateWriter::Write(const engine::Changes& changes) {
  for (const engine::NewSweep& sweep : changes.new_sweeps) OPTFLEET_RETURN_IF_ERROR(WriteNewSweep(sweep));
  OPTFLEET_RETURN_IF_ERROR(WriteNewJobs(changes.new_jobs));
  for (const engine::NewParameters& job : changes.new_parameters)
    OPTFLEET_RETURN_IF_ERROR(WriteParameters(job.job, job.parameters));
  for (const engine::DroppedJobs& dropped : changes.dropped_jobs) OPTFLEET_RETURN_IF_ERROR(DropJobs(dropped));
  for (const engine::Extension& extension : changes.extensions)
    OPTFLEET_RETURN_IF_ERROR(WriteExtension(extension));
  for (const domain::Sweep& sweep : changes.sweeps) OPTFLEET_RETURN_IF_ERROR(WriteSweep(sweep));
  for (const domain::Worker& worker : changes.workers) OPTFLEET_RETURN_IF_ERROR(WriteWorker(worker));
  for (const auto& [name, status] : changes.jobs) OPTFLEET_RETURN_IF_ERROR(WriteJob(name, status));
  for (const domain::Attempt& attempt : changes.attempts) OPTFLEET_RETURN_IF_ERROR(WriteAttempt(attempt));
  if (changes.waiting) OPTFLEET_RETURN_IF_ERROR(WriteWaiting(*changes.waiting));
  return WriteRest(changes);
}

Status StateWriter::WriteNewSweep(const engine::NewSweep& sweep) {
  OPTFLEET_RETURN_IF_ERROR(WriteSweep(sweep.sweep));
  OPTFLEET_RETURN_IF_ERROR(WriteSource(sweep.sweep.id, sweep.sweep.revision, sweep.source));
  return WriteNewJobs(sweep.jobs);
}

Status StateWriter::WriteExtension(const engine::Extension& extension) {
  OPTFLEET_RETURN_IF_ERROR(WriteSource(extension.sweep, extension.revision, extension.source));
  for (const auto& [job, parameters] : extension.parameters)
    OPTFLEET_RETURN_IF_ERROR(WriteParameters({extension.sweep, job}, parameters));
  return WriteNewJobs(extension.jobs);
}

Status StateWriter::WriteParameters(const JobName& job, const std::vector<domain::Parameter>& parameters) {
  return Get(kSetParameters).Bind(job.sweep, job.job, EncodeParameters(parameters)).Run();
}

Status StateWriter::WriteSource(const std::string& sweep, int32_t revision,
                                const domain::SweepSource& source) {
  return Get(kInsertSource)
      .Bind(sweep, revision, EncodeFiles(source.files), EncodeTexts(source.overrides), source.working_folder,
            EncodeTextMap(source.environment))
      .Run();
}

Status StateWriter::WriteNewJobs(const std::vector<domain::JobDefinition>& jobs) {
  SpecBases bases;
  const domain::Resources* resources = nullptr;  // most ask for the same
  std::string resources_json;
  for (const domain::JobDefinition& job : jobs) {
    const auto [spec, base] = bases.Shorten(job);
    if (resources == nullptr || *resources != job.resources) resources_json = EncodeResources(job.resources);
    resources = &job.resources;
    OPTFLEET_RETURN_IF_ERROR(Get(kInsertJob)
                                 .Bind(job.name.sweep, job.name.job, EncodeParameters(job.parameters), spec,
                                       job.spec_hash, job.total_steps, UnixMicros(job.create_time),
                                       resources_json, base)
                                 .Run());
  }
  return {};
}

Status StateWriter::DropJobs(const engine::DroppedJobs& dropped) {
  OPTFLEET_RETURN_IF_ERROR(Get(kDropJobs).Bind(dropped.sweep, dropped.above).Run());
  if (dropped.above > 0) return {};
  OPTFLEET_RETURN_IF_ERROR(Get(kDropSources).Bind(dropped.sweep).Run());
  return Get(kDropSweep).Bind(dropped.sweep).Run();
}

Status StateWriter::WriteSweep(const domain::Sweep& sweep) {
  return Get(kUpsertSweep)
      .Bind(sweep.id, sweep.display_name, Name(sweep.state), EncodeTexts(sweep.axes), ToText(sweep.objective),
            sweep.job_count, sweep.merged_points, sweep.priority, sweep.cancel_requested,
            UnixMicros(sweep.create_time), Micros(sweep.end_time), sweep.max_running, NameOf(sweep.pause),
            sweep.revision, EncodeKeep(sweep.keep), sweep.incarnation, sweep.names_kept, sweep.reused_jobs,
            EncodeStages(sweep.stages), EncodeSearch(sweep.search), sweep.first_competitor)
      .Run();
}

Status StateWriter::WriteJob(const JobName& name, const domain::JobStatus& status) {
  return Get(kUpdateJob)
      .Bind(name.sweep, name.job, Name(status.state), NameOf(status.outcome), status.reason,
            status.attempt_count, status.worker, status.bound_worker, status.failures,
            Micros(status.not_before), NameOf(status.stop), status.stop_reason, status.step,
            EncodeFigures(status.final), status.objective, Micros(status.start_time), Micros(status.end_time),
            status.reused_from ? std::optional(ToResource(*status.reused_from)) : std::nullopt, status.rung,
            status.slot_time)
      .Run();
}

Status StateWriter::WriteAttempt(const domain::Attempt& attempt) {
  const std::vector<int64_t> slots(attempt.slots.begin(), attempt.slots.end());
  const auto reported = attempt.reported ? std::optional(EncodeEnd(*attempt.reported)) : std::nullopt;
  return Get(kUpsertAttempt)
      .Bind(attempt.name.job.sweep, attempt.name.job.job, attempt.name.attempt, attempt.fence.incarnation,
            Name(attempt.state), NameOf(attempt.outcome), attempt.reason, attempt.worker, EncodeInts(slots),
            attempt.resume_attempt, attempt.start_known, attempt.parent, attempt.resume_step,
            attempt.resume_record, attempt.checkpoint_step, attempt.checkpoint_record, attempt.record_limit,
            Micros(attempt.lease_time), reported, UnixMicros(attempt.create_time), Micros(attempt.start_time),
            Micros(attempt.end_time), attempt.trainer_pid, attempt.run_directory)
      .Run();
}

Status StateWriter::WriteWorker(const domain::Worker& worker) {
  return Get(kUpsertWorker)
      .Bind(worker.id, Name(worker.state), EncodeSlots(worker.slots), worker.version, worker.host,
            worker.session, EncodeInts(worker.retired_sessions), UnixMicros(worker.last_seen),
            EncodeTexts(worker.labels), worker.host_memory_bytes, NameOf(worker.drain),
            worker.failures_in_a_row, Micros(worker.excluded_until))
      .Run();
}

Status StateWriter::WriteWaiting(const std::vector<engine::ClassReason>& waiting) {
  OPTFLEET_RETURN_IF_ERROR(Get(kClearWaiting).Run());
  for (const engine::ClassReason& row : waiting) {
    OPTFLEET_RETURN_IF_ERROR(
        Get(kInsertWaiting)
            .Bind(row.sweep, EncodeResources(row.resources), row.bound_worker, row.reason)
            .Run());
  }
  return {};
}

Status StateWriter::WriteRung(const engine::RungChange& change) {
  const double value = change.result.value;
  return Get(kUpsertRung)
      .Bind(change.job.sweep, change.job.job, change.result.rung,
            std::isfinite(value) ? std::optional(value) : std::nullopt, change.result.promoted)
      .Run();
}

Status StateWriter::WriteKept(const engine::KeptChange& change) {
  const domain::KeptCheckpoint& row = change.row;
  const AttemptName& attempt = row.id.name.attempt;
  if (change.gone) {
    return Get(kDropCheckpoint)
        .Bind(attempt.job.sweep, attempt.job.job, attempt.attempt, row.id.name.step, row.id.incarnation,
              row.id.worker)
        .Run();
  }
  return Get(kUpsertCheckpoint)
      .Bind(attempt.job.sweep, attempt.job.job, attempt.attempt, row.id.name.step, row.id.incarnation,
            row.id.worker, row.path, row.val_loss, row.bytes, Micros(row.released_time))
      .Run();
}

Status StateWriter::WritePin(const engine::PinChange& change) {
  const auto& [attempt, step] = change.checkpoint;
  if (!change.time) return Get(kUnpin).Bind(attempt.job.sweep, attempt.job.job, attempt.attempt, step).Run();
  return Get(kPin)
      .Bind(attempt.job.sweep, attempt.job.job, attempt.attempt, step, UnixMicros(*change.time))
      .Run();
}

Status StateWriter::WriteRest(const engine::Changes& changes) {
  for (const engine::RungChange& change : changes.rungs) OPTFLEET_RETURN_IF_ERROR(WriteRung(change));
  for (const engine::KeptChange& change : changes.kept) OPTFLEET_RETURN_IF_ERROR(WriteKept(change));
  for (const engine::PinChange& change : changes.pins) OPTFLEET_RETURN_IF_ERROR(WritePin(change));
  for (const domain::AttemptLog& log : changes.logs) {
    OPTFLEET_RETURN_IF_ERROR(
        Get(kUpsertLog)
            .Bind(log.name.job.sweep, log.name.job.job, log.name.attempt, log.text, log.skipped_bytes)
            .Run());
  }
  for (const domain::Event& event : changes.events) {
    OPTFLEET_RETURN_IF_ERROR(
        Get(kInsertEvent).Bind(UnixMicros(event.time), event.subject, event.what, event.reason).Run());
  }
  if (changes.forget_requests_before) {
    OPTFLEET_RETURN_IF_ERROR(Get(kForgetRequests).Bind(UnixMicros(*changes.forget_requests_before)).Run());
  }
  for (const domain::Request& request : changes.requests) {
    OPTFLEET_RETURN_IF_ERROR(
        Get(kInsertRequest)
            .Bind(request.id, request.content_hash, request.subject, UnixMicros(request.time))
            .Run());
  }
  return {};
}

}  // namespace optfleet::store
