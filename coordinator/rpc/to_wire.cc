#include "coordinator/rpc/to_wire.h"

#include <google/protobuf/util/time_util.h>

#include <array>

#include "coordinator/rpc/spending.h"

namespace optfleet::rpc {
namespace {

// The lists of outcomes and states are the wire's, number by number; a new entry on one side must not compile
// without the other.
template <typename Wire, typename Plain>
constexpr bool Same(Wire wire, Plain plain) {
  return static_cast<int>(wire) == static_cast<int>(plain);
}
static_assert(Same(v1::OUTCOME_SUCCEEDED, Outcome::kSucceeded) && Same(v1::OUTCOME_FAILED, Outcome::kFailed));
static_assert(Same(v1::OUTCOME_OUT_OF_MEMORY, Outcome::kOutOfMemory) &&
              Same(v1::OUTCOME_DIVERGED, Outcome::kDiverged));
static_assert(Same(v1::OUTCOME_STOPPED_EARLY, Outcome::kStoppedEarly) &&
              Same(v1::OUTCOME_CANCELLED, Outcome::kCancelled));
static_assert(Same(v1::OUTCOME_PREEMPTED, Outcome::kPreempted) && Same(v1::OUTCOME_LOST, Outcome::kLost));
static_assert(Same(v1::Outcome_MAX, Outcome::kLost));
static_assert(Same(v1::Sweep::STATE_EXPANDING, domain::SweepState::kExpanding) &&
              Same(v1::Sweep::STATE_ACTIVE, domain::SweepState::kActive) &&
              Same(v1::Sweep::STATE_ENDED, domain::SweepState::kEnded) &&
              Same(v1::Sweep::State_MAX, domain::SweepState::kCancelled));
static_assert(Same(v1::Job::STATE_QUEUED, domain::JobState::kQueued) &&
              Same(v1::Job::STATE_ASSIGNED, domain::JobState::kAssigned) &&
              Same(v1::Job::STATE_RUNNING, domain::JobState::kRunning) &&
              Same(v1::Job::STATE_ENDED, domain::JobState::kEnded) &&
              Same(v1::Job::State_MAX, domain::JobState::kPaused));
static_assert(Same(v1::Attempt::STATE_ASSIGNED, domain::AttemptState::kAssigned) &&
              Same(v1::Attempt::STATE_RUNNING, domain::AttemptState::kRunning) &&
              Same(v1::Attempt::STATE_FINISHING, domain::AttemptState::kFinishing) &&
              Same(v1::Attempt::State_MAX, domain::AttemptState::kEnded));
static_assert(Same(v1::Worker::STATE_READY, domain::WorkerState::kReady) &&
              Same(v1::Worker::STATE_UNREACHABLE, domain::WorkerState::kUnreachable) &&
              Same(v1::Worker::STATE_DRAINING, domain::WorkerState::kDraining) &&
              Same(v1::Worker::State_MAX, domain::WorkerState::kGone));
static_assert(Same(v1::Slot::KIND_CPU, domain::SlotKind::kCpu) &&
              Same(v1::Slot::Kind_MAX, domain::SlotKind::kGpu));
static_assert(Same(v1::DesiredAttempt::ACTION_RUN, engine::DesiredAttempt::Action::kRun) &&
              Same(v1::DesiredAttempt::Action_MAX, engine::DesiredAttempt::Action::kStop));

static_assert(Same(v1::FAILURE_CAUSE_USER_ERROR, FailureCause::kUserError) &&
              Same(v1::FAILURE_CAUSE_CRASHED, FailureCause::kCrashed) &&
              Same(v1::FAILURE_CAUSE_KILLED, FailureCause::kKilled) &&
              Same(v1::FAILURE_CAUSE_DEVICE_FAULT, FailureCause::kDeviceFault) &&
              Same(v1::FailureCause_MAX, FailureCause::kWorker));
static_assert(Same(v1::PAUSE_UNSPECIFIED, domain::Pause::kNo) &&
              Same(v1::PAUSE_STOP_RUNNING, domain::Pause::kStopRunning) &&
              Same(v1::Pause_MAX, domain::Pause::kKeepRunning));

void AddFigures(const domain::Figures& figures, google::protobuf::RepeatedPtrField<v1::Figure>* wire) {
  for (const auto& [key, value] : figures) {
    v1::Figure* figure = wire->Add();
    figure->set_key(key);
    figure->set_value(value);
  }
}

v1::Fence FenceToWire(const Fence& fence) {
  v1::Fence wire;
  wire.set_incarnation(fence.incarnation);
  wire.set_attempt(fence.attempt);
  return wire;
}

// In the order in which a job passes through them.
void AddCounts(const std::map<std::string, int32_t>& counts, v1::Sweep* wire) {
  static constexpr std::array kOrder = {"queued",    "assigned",      "running",   "paused",
                                        "succeeded", "stopped_early", "diverged",  "out_of_memory",
                                        "failed",    "cancelled",     "preempted", "lost"};
  for (const char* state : kOrder) {
    const auto found = counts.find(state);
    if (found == counts.end() || found->second == 0) continue;
    v1::StateCount* count = wire->add_counts();
    count->set_state(state);
    count->set_count(found->second);
  }
}

v1::Stage* AddStage(const domain::Stage& stage, v1::Sweep* wire) {
  v1::Stage* added = wire->add_stages();
  added->set_name(stage.name);
  added->set_base(stage.base);
  added->set_round(stage.round);
  return added;
}

void SetStages(const domain::Sweep& sweep, v1::Sweep* wire) {
  for (const domain::Stage& stage : sweep.stages.all) {
    v1::Stage* added = AddStage(stage, wire);
    added->set_begun(wire->stages_size() <= sweep.stages.begun);
    for (const int32_t job : stage.from) added->add_from_jobs(ToResource(JobName{sweep.id, job}));
  }
  wire->set_stage_problem(sweep.stages.problem);
}

void SetKeep(const domain::KeepPolicy& keep, v1::Sweep* wire) {
  if (!keep.limits()) return;
  v1::KeepCheckpoints* kept = wire->mutable_keep_checkpoints();
  if (keep.best_jobs) kept->set_best_jobs(*keep.best_jobs);
  if (keep.best) kept->set_best(*keep.best);
  if (keep.last) kept->set_last(*keep.last);
}

}  // namespace

google::protobuf::Timestamp ToWire(Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(UnixMicros(time));
}

v1::Outcome ToWire(const std::optional<Outcome>& outcome) {
  return outcome ? static_cast<v1::Outcome>(*outcome) : v1::OUTCOME_UNSPECIFIED;
}

v1::Sweep ToWire(const store::SweepView& view, bool with_files, Time now) {
  const domain::Sweep& sweep = view.sweep;
  v1::Sweep wire;
  wire.set_name(SweepResource(sweep.id));
  wire.set_display_name(sweep.display_name);
  wire.set_state(static_cast<v1::Sweep::State>(sweep.state));
  wire.set_job_count(sweep.job_count);
  AddCounts(view.counts, &wire);
  if (with_files) {
    for (const domain::SourceFile& file : view.source.files) {
      v1::SourceFile* source = wire.add_files();
      source->set_path(file.path);
      source->set_text(file.text);
      source->set_folder(file.folder);
    }
    for (const std::string& value : view.source.overrides) wire.add_overrides(value);
    wire.set_working_folder(view.source.working_folder);
    wire.mutable_environment()->insert(view.source.environment.begin(), view.source.environment.end());
  }
  for (const std::string& axis : sweep.axes) wire.add_axes(axis);
  *wire.mutable_create_time() = ToWire(sweep.create_time);
  if (sweep.end_time) *wire.mutable_end_time() = ToWire(*sweep.end_time);
  wire.set_objective(sweep.objective.metric);
  wire.set_direction(sweep.objective.maximize ? v1::DIRECTION_MAXIMIZE : v1::DIRECTION_MINIMIZE);
  if (view.best_job) wire.set_best_job(ToResource(*view.best_job));
  wire.set_merged_points(sweep.merged_points);
  wire.set_priority(sweep.priority);
  wire.set_max_running(sweep.max_running);
  wire.set_pause(static_cast<v1::Pause>(sweep.pause));
  wire.set_revision(sweep.revision);
  SetKeep(sweep.keep, &wire);
  wire.set_reused_jobs(sweep.reused_jobs);
  SetStages(sweep, &wire);
  for (std::string& rule : domain::RulesOf(sweep.search, sweep.objective)) wire.add_rules(std::move(rule));
  SetSpending(view, now, &wire);
  const bool over =
      sweep.state == domain::SweepState::kEnded || sweep.state == domain::SweepState::kCancelled;
  if (over) {
    wire.set_progress(1);
  } else if (view.steps_total > 0) {
    wire.set_progress(static_cast<double>(view.steps_done) / static_cast<double>(view.steps_total));
  }
  return wire;
}

v1::Resources ToWire(const domain::Resources& resources) {
  v1::Resources wire;
  wire.set_slots(resources.slots);
  if (resources.kind) wire.set_device(static_cast<v1::Slot::Kind>(*resources.kind));
  wire.set_share(resources.share);
  wire.set_memory_bytes(resources.memory_bytes);
  wire.set_memory_is_predicted(resources.memory_is_predicted);
  wire.set_host_memory_bytes(resources.host_memory_bytes);
  for (const std::string& label : resources.labels) wire.add_labels(label);
  return wire;
}

v1::Event ToWire(const domain::Event& event) {
  v1::Event wire;
  *wire.mutable_time() = ToWire(event.time);
  wire.set_subject(event.subject);
  wire.set_what(event.what);
  wire.set_reason(event.reason);
  return wire;
}

v1::Job ToWire(const store::JobView& view) {
  const auto& [definition, status] = view.job;
  v1::Job wire;
  wire.set_name(ToResource(definition.name));
  wire.set_state(static_cast<v1::Job::State>(status.state));
  wire.set_outcome(ToWire(status.outcome));
  wire.set_reason(status.reason);
  for (const domain::Parameter& parameter : definition.parameters) {
    v1::Parameter* added = wire.add_parameters();
    added->set_key(parameter.key);
    added->set_value(parameter.value);
  }
  wire.set_spec_json(definition.spec_json);
  wire.set_spec_hash(definition.spec_hash);
  wire.set_attempt_count(status.attempt_count);
  if (!status.worker.empty()) wire.set_worker(WorkerResource(status.worker));
  wire.set_total_steps(definition.total_steps);
  wire.set_step(status.step);
  AddFigures(view.latest, wire.mutable_latest());
  AddFigures(status.final, wire.mutable_final());
  *wire.mutable_create_time() = ToWire(definition.create_time);
  if (status.start_time) *wire.mutable_start_time() = ToWire(*status.start_time);
  if (status.end_time) *wire.mutable_end_time() = ToWire(*status.end_time);
  *wire.mutable_resources() = ToWire(definition.resources);
  if (status.reused_from) wire.set_reused_from(ToResource(*status.reused_from));
  return wire;
}

v1::Attempt ToWire(const store::AttemptView& view) {
  const domain::Attempt& attempt = view.attempt;
  v1::Attempt wire;
  wire.set_name(ToResource(attempt.name));
  wire.set_state(static_cast<v1::Attempt::State>(attempt.state));
  wire.set_outcome(ToWire(attempt.outcome));
  wire.set_reason(attempt.reason);
  *wire.mutable_fence() = FenceToWire(attempt.fence);
  wire.set_worker(WorkerResource(attempt.worker));
  wire.mutable_slots()->Add(attempt.slots.begin(), attempt.slots.end());
  if (attempt.parent > 0) wire.set_parent(ToResource(AttemptName{attempt.name.job, attempt.parent}));
  wire.set_resume_step(attempt.resume_step);
  wire.set_held_record(view.held_record);
  wire.set_step(view.step);
  if (attempt.lease_time) *wire.mutable_lease_time() = ToWire(*attempt.lease_time);
  *wire.mutable_create_time() = ToWire(attempt.create_time);
  if (attempt.start_time) *wire.mutable_start_time() = ToWire(*attempt.start_time);
  if (attempt.end_time) *wire.mutable_end_time() = ToWire(*attempt.end_time);
  wire.set_trainer_pid(attempt.trainer_pid);
  wire.set_run_directory(attempt.run_directory);
  if (attempt.reported) AddFigures(attempt.reported->final, wire.mutable_final());
  if (attempt.reported) wire.set_cause(static_cast<v1::FailureCause>(attempt.reported->cause));
  return wire;
}

v1::Worker ToWire(const store::WorkerView& view) {
  const domain::Worker& worker = view.worker;
  v1::Worker wire;
  wire.set_name(WorkerResource(worker.id));
  wire.set_state(static_cast<v1::Worker::State>(worker.state));
  for (const domain::Slot& slot : worker.slots) {
    v1::Slot* added = wire.add_slots();
    added->set_index(slot.index);
    added->set_kind(static_cast<v1::Slot::Kind>(slot.kind));
    added->set_threads(slot.threads);
    added->set_memory_bytes(slot.memory_bytes);
    added->set_device_uuid(slot.device_uuid);
    added->set_model(slot.model);
  }
  wire.set_version(worker.version);
  wire.set_host(worker.host);
  *wire.mutable_last_seen_time() = ToWire(worker.last_seen);
  for (const AttemptName& attempt : view.attempts) wire.add_attempts(ToResource(attempt));
  for (const std::string& label : worker.labels) wire.add_labels(label);
  wire.set_host_memory_bytes(worker.host_memory_bytes);
  wire.set_drain(static_cast<v1::Pause>(worker.drain));
  wire.set_failures_in_a_row(worker.failures_in_a_row);
  if (worker.excluded_until) *wire.mutable_excluded_until_time() = ToWire(*worker.excluded_until);
  return wire;
}

v1::Checkpoint ToWire(const store::CheckpointView& view) {
  const domain::KeptCheckpoint& checkpoint = view.checkpoint;
  v1::Checkpoint wire;
  wire.set_name(ToResource(checkpoint.id.name));
  wire.set_state(checkpoint.released_time ? v1::Checkpoint::STATE_DELETING : v1::Checkpoint::STATE_KEPT);
  wire.set_pinned(view.pinned);
  wire.set_worker(WorkerResource(checkpoint.id.worker));
  wire.set_path(checkpoint.path);
  wire.set_step(checkpoint.id.name.step);
  if (checkpoint.val_loss) wire.set_val_loss(*checkpoint.val_loss);
  wire.set_bytes(checkpoint.bytes);
  return wire;
}

v1::Series ToWire(const store::SeriesColumn& column, bool every_point) {
  v1::Series wire;
  wire.set_key(column.key);
  wire.mutable_steps()->Add(column.steps.begin(), column.steps.end());
  wire.mutable_last()->Add(column.last.begin(), column.last.end());
  if (!every_point) {
    wire.mutable_min()->Add(column.min.begin(), column.min.end());
    wire.mutable_max()->Add(column.max.begin(), column.max.end());
  }
  for (const Time time : column.times) wire.add_time_us(UnixMicros(time));
  wire.mutable_attempts()->Add(column.attempts.begin(), column.attempts.end());
  return wire;
}

v1::SynchronizeResponse ToWire(const engine::SynchronizeAnswer& answer) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  v1::SynchronizeResponse wire;
  for (const engine::DesiredAttempt& desired : answer.attempts) {
    v1::DesiredAttempt* added = wire.add_attempts();
    added->set_attempt(ToResource(desired.attempt));
    *added->mutable_fence() = FenceToWire(desired.fence);
    added->set_action(static_cast<v1::DesiredAttempt::Action>(desired.action));
    added->mutable_slots()->Add(desired.slots.begin(), desired.slots.end());
    added->set_share(desired.share);
    added->set_memory_bytes(desired.memory_bytes);
    added->set_spec_json(desired.spec_json);
    added->set_pause_step(desired.pause_step);
    if (desired.resume_parent) {
      added->set_resume_parent(ToResource(*desired.resume_parent));
      *added->mutable_resume_parent_fence() = FenceToWire(desired.resume_parent_fence);
    }
    if (desired.action == engine::DesiredAttempt::Action::kStop) {
      added->set_stop_outcome(ToWire(desired.stop_outcome));
      added->set_stop_reason(desired.stop_reason);
      added->set_stop_with_checkpoint(desired.stop_with_checkpoint);
    }
  }
  for (const engine::Forget& forget : answer.forget) {
    v1::Forget* added = wire.add_forget();
    added->set_attempt(ToResource(forget.attempt));
    *added->mutable_fence() = FenceToWire(forget.fence);
    added->set_kill(forget.kill);
    added->set_reason(forget.reason);
    added->set_keep_checkpoints(forget.keep_checkpoints);
  }
  for (const engine::HeldRecord& held : answer.held) {
    v1::HeldRecord* added = wire.add_held();
    added->set_attempt(ToResource(held.attempt));
    added->set_record(held.record);
  }
  wire.set_list_kept(answer.list_kept);
  for (const engine::DeleteKept& kept : answer.delete_kept) {
    v1::DeleteKept* added = wire.add_delete_kept();
    added->set_attempt(ToResource(kept.attempt));
    *added->mutable_fence() = FenceToWire(kept.fence);
    added->set_step(kept.step);
  }
  wire.set_next_call_ms(static_cast<int32_t>(duration_cast<milliseconds>(answer.next_call).count()));
  wire.set_lease_ms(static_cast<int32_t>(duration_cast<milliseconds>(answer.lease).count()));
  wire.set_incarnation(answer.incarnation);
  return wire;
}

v1::ReportMetricsResponse ToWire(const std::vector<engine::RecordsHeld>& held) {
  v1::ReportMetricsResponse wire;
  for (const engine::RecordsHeld& entry : held) {
    v1::HeldRecord* added = wire.add_held();
    added->set_attempt(ToResource(entry.attempt));
    added->set_record(entry.record);
  }
  return wire;
}

void PutStages(const std::vector<domain::Stage>& stages, v1::Sweep* wire) {
  while (wire->stages_size() > 0 && !wire->stages(wire->stages_size() - 1).begun())
    wire->mutable_stages()->RemoveLast();
  for (size_t i = static_cast<size_t>(wire->stages_size()); i < stages.size(); ++i) AddStage(stages[i], wire);
  wire->clear_stage_problem();
}

v1::Sweep PreviewOf(const engine::CreateSweep& input, int32_t job_count, int32_t merged_points) {
  store::SweepView view;
  view.sweep.display_name = input.display_name;
  view.sweep.axes = input.axes;
  view.sweep.objective = input.objective;
  view.sweep.job_count = job_count;
  view.sweep.merged_points = merged_points;
  view.sweep.priority = input.priority;
  view.sweep.max_running = input.max_running;
  view.sweep.keep = input.keep;
  view.sweep.search = input.search;
  view.sweep.stages = {.all = input.stages, .begun = input.stages.empty() ? 0 : 1, .problem = {}};
  view.counts["queued"] = view.sweep.job_count;
  v1::Sweep wire = ToWire(view, false, Time());
  wire.clear_create_time();
  return wire;
}

}  // namespace optfleet::rpc
