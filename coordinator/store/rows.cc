#include "coordinator/store/rows.h"

#include <utility>

#include "coordinator/store/encode.h"
#include "coordinator/store/spec_delta.h"

namespace optfleet::store {

const char* const kSweepColumns =
    "sweeps.id, sweeps.display_name, sweeps.state, sweeps.axes_json, sweeps.objective, sweeps.job_count, "
    "sweeps.merged_points, sweeps.priority, sweeps.cancel_requested, sweeps.create_time, sweeps.end_time, "
    "sweeps.max_running, sweeps.pause, sweeps.revision, sweeps.keep_json, sweeps.incarnation, "
    "sweeps.names_kept, sweeps.reused_jobs, sweeps.stages_json, sweeps.search_json, sweeps.first_competitor";
#define OPTFLEET_JOB_STATUS_COLUMNS                                                                 \
  "jobs.total_steps, jobs.create_time, jobs.state, jobs.outcome, jobs.reason, "                     \
  "jobs.attempt_count, jobs.worker, jobs.bound_worker, jobs.failures, jobs.not_before, jobs.stop, " \
  "jobs.stop_reason, jobs.step, jobs.final_json, jobs.objective, jobs.start_time, jobs.end_time, "  \
  "jobs.resources_json, jobs.reused_from, jobs.rung, jobs.slot_time"
const char* const kJobColumns =
    "jobs.sweep, jobs.number, jobs.parameters_json, jobs.spec_json, "
    "jobs.spec_hash, " OPTFLEET_JOB_STATUS_COLUMNS
    ", (SELECT base.spec_json FROM jobs AS base WHERE base.sweep = jobs.sweep AND base.number = "
    "jobs.spec_base)";
const char* const kJobColumnsWithoutTexts =
    "jobs.sweep, jobs.number, '', '', '', " OPTFLEET_JOB_STATUS_COLUMNS ", NULL";
#undef OPTFLEET_JOB_STATUS_COLUMNS
const char* const kAttemptColumns =
    "attempts.sweep, attempts.job, attempts.number, attempts.incarnation, attempts.state, attempts.outcome, "
    "attempts.reason, attempts.worker, attempts.slots_json, attempts.resume_attempt, attempts.start_known, "
    "attempts.parent, attempts.resume_step, attempts.resume_record, attempts.checkpoint_step, "
    "attempts.checkpoint_record, attempts.record_limit, attempts.lease_time, attempts.reported_json, "
    "attempts.create_time, attempts.start_time, attempts.end_time, attempts.trainer_pid, "
    "attempts.run_directory";
const char* const kWorkerColumns =
    "workers.id, workers.state, workers.slots_json, workers.version, workers.host, workers.session, "
    "workers.retired_sessions_json, workers.last_seen, workers.labels_json, workers.host_memory_bytes, "
    "workers.drain, workers.failures_in_a_row, workers.excluded_until";
const char* const kCheckpointColumns =
    "checkpoints.sweep, checkpoints.job, checkpoints.attempt, checkpoints.step, checkpoints.incarnation, "
    "checkpoints.worker, checkpoints.path, checkpoints.val_loss, checkpoints.bytes, "
    "checkpoints.released_time";

namespace {

std::optional<Outcome> OutcomeAt(const Statement& row, int column) {
  return row.IsNull(column) ? std::nullopt : OutcomeFromName(row.Text(column));
}

Error Unknown(const std::string& what, const std::string& state) {
  return Error(Code::kDataLoss, "state.db: " + what + " has the unknown state `" + state +
                                    "`; restore a backup, or move it away to begin anew");
}

// Columns 7 to 21, and from 23 on.
domain::JobStatus ReadStatus(const Statement& row, domain::JobState state) {
  domain::JobStatus status;
  status.state = state;
  status.outcome = OutcomeAt(row, 8);
  status.reason = row.Text(9);
  status.attempt_count = static_cast<int32_t>(row.Int(10));
  status.worker = row.Text(11);
  status.bound_worker = row.Text(12);
  status.failures = static_cast<int32_t>(row.Int(13));
  status.not_before = TimeAt(row, 14);
  status.stop = OutcomeAt(row, 15);
  status.stop_reason = row.Text(16);
  status.step = row.Int(17);
  status.final = DecodeFigures(row.Text(18));
  if (!row.IsNull(19)) status.objective = row.Real(19);
  status.start_time = TimeAt(row, 20);
  status.end_time = TimeAt(row, 21);
  if (!row.IsNull(23)) status.reused_from = ParseJobResource(row.Text(23));
  status.rung = static_cast<int32_t>(row.Int(24));
  status.slot_time = row.Int(25);
  return status;
}

}  // namespace

std::string_view NameOf(domain::Pause pause) {
  switch (pause) {
    case domain::Pause::kStopRunning:
      return "stop_running";
    case domain::Pause::kKeepRunning:
      return "keep_running";
    case domain::Pause::kNo:
      break;
  }
  return "no";
}

domain::Pause PauseFromName(std::string_view name) {
  for (const auto pause : {domain::Pause::kStopRunning, domain::Pause::kKeepRunning}) {
    if (NameOf(pause) == name) return pause;
  }
  return domain::Pause::kNo;
}

std::optional<Time> TimeAt(const Statement& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional(TimeFromUnixMicros(row.Int(column)));
}

std::optional<int64_t> Micros(const std::optional<Time>& time) {
  return time ? std::optional(UnixMicros(*time)) : std::nullopt;
}

std::optional<std::string> NameOf(const std::optional<Outcome>& outcome) {
  return outcome ? std::optional(std::string(OutcomeName(*outcome))) : std::nullopt;
}

Result<domain::Sweep> ReadSweep(const Statement& row) {
  domain::Sweep sweep;
  sweep.id = row.Text(0);
  sweep.display_name = row.Text(1);
  const auto state = domain::SweepStateFromName(row.Text(2));
  if (!state) return Fail(Unknown(SweepResource(sweep.id), row.Text(2)));
  sweep.state = *state;
  sweep.axes = DecodeTexts(row.Text(3));
  const auto objective = sweeps::ParseObjective(row.Text(4));
  sweep.objective = objective.value_or(sweeps::Objective{row.Text(4)});
  sweep.job_count = static_cast<int32_t>(row.Int(5));
  sweep.merged_points = static_cast<int32_t>(row.Int(6));
  sweep.priority = static_cast<int32_t>(row.Int(7));
  sweep.cancel_requested = row.Int(8) != 0;
  sweep.create_time = TimeFromUnixMicros(row.Int(9));
  sweep.end_time = TimeAt(row, 10);
  sweep.max_running = static_cast<int32_t>(row.Int(11));
  sweep.pause = PauseFromName(row.Text(12));
  sweep.revision = static_cast<int32_t>(row.Int(13));
  sweep.keep = DecodeKeep(row.Text(14));
  sweep.incarnation = row.Int(15);
  sweep.names_kept = row.Int(16) != 0;
  sweep.reused_jobs = static_cast<int32_t>(row.Int(17));
  sweep.stages = DecodeStages(row.Text(18));
  sweep.search = DecodeSearch(row.Text(19));
  sweep.first_competitor = static_cast<int32_t>(row.Int(20));
  return sweep;
}

Result<std::string> ReadSpec(const Statement& row, const JobName& job, int spec, int base) {
  if (row.IsNull(base)) return row.Text(spec);
  auto whole = SpecBase(row.View(base)).Apply(row.View(spec));
  if (whole) return *std::move(whole);
  return Fail(Code::kDataLoss, "state.db: the spec of " + ToResource(job) +
                                   " does not fit the job that it is kept by; restore a backup");
}

Result<domain::Job> ReadJob(const Statement& row) {
  domain::Job job;
  job.definition.name = {row.Text(0), static_cast<int32_t>(row.Int(1))};
  job.definition.parameters = DecodeParameters(row.Text(2));
  auto spec = ReadSpec(row, job.definition.name, 3, 26);
  if (!spec.has_value()) return Fail(std::move(spec).error());
  job.definition.spec_json = *std::move(spec);
  job.definition.spec_hash = row.Text(4);
  job.definition.total_steps = row.Int(5);
  job.definition.create_time = TimeFromUnixMicros(row.Int(6));
  const auto state = domain::JobStateFromName(row.Text(7));
  if (!state) return Fail(Unknown(ToResource(job.name()), row.Text(7)));
  job.definition.resources = DecodeResources(row.Text(22));
  job.status = ReadStatus(row, *state);
  return job;
}

Result<domain::Attempt> ReadAttempt(const Statement& row) {
  domain::Attempt attempt;
  attempt.name = {{row.Text(0), static_cast<int32_t>(row.Int(1))}, static_cast<int32_t>(row.Int(2))};
  attempt.fence = {row.Int(3), attempt.name.attempt};
  const auto state = domain::AttemptStateFromName(row.Text(4));
  if (!state) return Fail(Unknown(ToResource(attempt.name), row.Text(4)));
  attempt.state = *state;
  attempt.outcome = OutcomeAt(row, 5);
  attempt.reason = row.Text(6);
  attempt.worker = row.Text(7);
  for (int64_t slot : DecodeInts(row.Text(8))) attempt.slots.push_back(static_cast<int32_t>(slot));
  attempt.resume_attempt = static_cast<int32_t>(row.Int(9));
  attempt.start_known = row.Int(10) != 0;
  attempt.parent = static_cast<int32_t>(row.Int(11));
  attempt.resume_step = row.Int(12);
  attempt.resume_record = row.Int(13);
  attempt.checkpoint_step = row.Int(14);
  attempt.checkpoint_record = row.Int(15);
  attempt.record_limit = row.Int(16);
  attempt.lease_time = TimeAt(row, 17);
  if (!row.IsNull(18)) attempt.reported = DecodeEnd(row.Text(18));
  attempt.create_time = TimeFromUnixMicros(row.Int(19));
  attempt.start_time = TimeAt(row, 20);
  attempt.end_time = TimeAt(row, 21);
  attempt.trainer_pid = row.Int(22);
  attempt.run_directory = row.Text(23);
  return attempt;
}

Result<domain::Worker> ReadWorker(const Statement& row) {
  domain::Worker worker;
  worker.id = row.Text(0);
  const auto state = domain::WorkerStateFromName(row.Text(1));
  if (!state) return Fail(Unknown(WorkerResource(worker.id), row.Text(1)));
  worker.state = *state;
  worker.slots = DecodeSlots(row.Text(2));
  worker.version = row.Text(3);
  worker.host = row.Text(4);
  worker.session = row.Int(5);
  worker.retired_sessions = DecodeInts(row.Text(6));
  worker.last_seen = TimeFromUnixMicros(row.Int(7));
  worker.labels = DecodeTexts(row.Text(8));
  worker.host_memory_bytes = row.Int(9);
  worker.drain = PauseFromName(row.Text(10));
  worker.failures_in_a_row = static_cast<int32_t>(row.Int(11));
  worker.excluded_until = TimeAt(row, 12);
  return worker;
}

Result<domain::KeptCheckpoint> ReadCheckpoint(const Statement& row) {
  domain::KeptCheckpoint checkpoint;
  const JobName job{row.Text(0), static_cast<int32_t>(row.Int(1))};
  checkpoint.id = {{{job, static_cast<int32_t>(row.Int(2))}, row.Int(3)}, row.Int(4), row.Text(5)};
  checkpoint.path = row.Text(6);
  if (!row.IsNull(7)) checkpoint.val_loss = row.Real(7);
  checkpoint.bytes = row.Int(8);
  checkpoint.released_time = TimeAt(row, 9);
  return checkpoint;
}

}  // namespace optfleet::store
