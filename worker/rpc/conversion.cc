#include "worker/rpc/conversion.h"

#include "common/version.h"

namespace optfleet::worker {
namespace {

v1::Fence ToWire(const Fence& fence) {
  v1::Fence wire;
  wire.set_incarnation(fence.incarnation);
  wire.set_attempt(fence.attempt);
  return wire;
}

Fence FromWire(const v1::Fence& wire) { return {wire.incarnation(), wire.attempt()}; }

void Fill(const Slot& slot, v1::Slot* wire) {
  wire->set_index(slot.index);
  wire->set_kind(slot.gpu ? v1::Slot::KIND_GPU : v1::Slot::KIND_CPU);
  wire->set_threads(slot.threads);
  wire->set_memory_bytes(slot.memory_bytes);
  wire->set_device_uuid(slot.device_uuid);
  wire->set_model(slot.model);
}

void FillEnd(const AttemptStatus& status, v1::AttemptStatus* wire) {
  wire->set_outcome(static_cast<v1::Outcome>(status.outcome));
  wire->set_reason(status.reason);
  for (const auto& [key, value] : status.final) {
    auto* figure = wire->add_final();
    figure->set_key(key);
    figure->set_value(value);
  }
  wire->set_retryable(status.retryable);
  wire->set_cause(static_cast<v1::FailureCause>(status.cause));
  wire->set_log_tail(status.log_tail);
  wire->set_log_skipped_bytes(status.log_skipped_bytes);
  wire->set_numerics_json(status.numerics_json);
}

void Fill(const AttemptStatus& status, v1::AttemptStatus* wire) {
  wire->set_attempt(status.key.attempt);
  *wire->mutable_fence() = ToWire(status.key.fence);
  wire->set_state(static_cast<v1::AttemptStatus::State>(status.state));
  for (const int32_t slot : status.slots) wire->add_slots(slot);
  wire->set_share(status.share);
  wire->set_memory_bytes(status.memory_bytes);
  wire->set_last_record(status.last_record);
  wire->set_checkpoint_step(status.checkpoint_step);
  wire->set_checkpoint_record(status.checkpoint_record);
  wire->set_trainer_pid(status.trainer_pid);
  wire->set_run_directory(status.run_directory);
  wire->set_resumed(status.resumed);
  wire->set_resume_step(status.resume_step);
  wire->set_resume_record(status.resume_record);
  if (status.state == AttemptState::kEnded) FillEnd(status, wire);
}

void Fill(const RecordBatch& batch, v1::RecordBatch* wire) {
  for (const auto& name : batch.keys) wire->add_keys(name);
  if (!batch.records.empty()) wire->set_first_record(batch.records.front().number);
  for (const auto& record : batch.records) {
    wire->add_steps(record.step);
    wire->add_time_us(UnixMicros(record.time));
    wire->add_point_counts(static_cast<uint32_t>(record.points.size()));
    for (const auto& point : record.points) {
      wire->add_key_index(point.key);
      wire->add_values(point.value);
    }
  }
}

void Fill(const KeptList& kept, v1::KeptList* wire) {
  wire->set_folder(kept.folder);
  for (const KeptCheckpoint& checkpoint : kept.checkpoints) {
    auto* added = wire->add_checkpoints();
    added->set_attempt(checkpoint.name.key.attempt);
    *added->mutable_fence() = ToWire(checkpoint.name.key.fence);
    added->set_step(checkpoint.name.step);
    if (checkpoint.val_loss) added->set_val_loss(*checkpoint.val_loss);
    added->set_bytes(checkpoint.bytes);
  }
}

}  // namespace

v1::SynchronizeRequest ToWire(const SyncRequest& request, const Identity& identity) {
  v1::SynchronizeRequest wire;
  wire.set_worker_id(identity.worker_id);
  wire.set_session(identity.session);
  wire.set_sequence(request.sequence);
  wire.set_wire_version(kWireVersion);
  wire.set_version(kVersion);
  wire.set_host(identity.host);
  for (const auto& slot : request.slots) Fill(slot, wire.add_slots());
  for (const auto& label : request.labels) wire.add_labels(label);
  wire.set_host_memory_bytes(request.host_memory_bytes);
  for (const auto& attempt : request.attempts) Fill(attempt, wire.add_attempts());
  wire.set_draining(request.draining);
  wire.set_leaving(request.leaving);
  wire.set_kept_digest(request.kept_digest);
  if (request.kept) Fill(*request.kept, wire.mutable_kept());
  return wire;
}

v1::ReportMetricsRequest ToWire(const std::vector<AttemptBatch>& batches, const Identity& identity) {
  v1::ReportMetricsRequest wire;
  wire.set_worker_id(identity.worker_id);
  wire.set_session(identity.session);
  for (const AttemptBatch& one : batches) {
    auto* attempt = wire.add_attempts();
    attempt->set_attempt(one.key.attempt);
    *attempt->mutable_fence() = ToWire(one.key.fence);
    Fill(one.batch, attempt->mutable_records());
  }
  return wire;
}

SyncAnswer FromWire(const v1::SynchronizeResponse& response) {
  SyncAnswer answer;
  for (const auto& wire : response.attempts()) {
    if (wire.action() != v1::DesiredAttempt::ACTION_RUN && wire.action() != v1::DesiredAttempt::ACTION_STOP)
      continue;
    DesiredAttempt desired;
    desired.key = {wire.attempt(), FromWire(wire.fence())};
    desired.stop = wire.action() == v1::DesiredAttempt::ACTION_STOP;
    desired.slots.assign(wire.slots().begin(), wire.slots().end());
    if (wire.share() > 0) desired.share = wire.share();
    desired.memory_bytes = wire.memory_bytes();
    desired.spec_json = wire.spec_json();
    if (!wire.resume_parent().empty())
      desired.resume_parent = AttemptKey{wire.resume_parent(), FromWire(wire.resume_parent_fence())};
    if (wire.stop_outcome() != v1::OUTCOME_UNSPECIFIED)
      desired.stop_outcome = static_cast<Outcome>(wire.stop_outcome());
    desired.stop_reason = wire.stop_reason();
    desired.stop_with_checkpoint = wire.stop_with_checkpoint();
    desired.pause_step = wire.pause_step();
    answer.attempts.push_back(std::move(desired));
  }
  for (const auto& wire : response.forget())
    answer.forget.push_back(
        {{wire.attempt(), FromWire(wire.fence())}, wire.kill(), wire.keep_checkpoints(), wire.reason()});
  for (const auto& wire : response.held()) answer.held.push_back({wire.attempt(), wire.record()});
  answer.list_kept = response.list_kept();
  for (const auto& wire : response.delete_kept())
    answer.delete_kept.push_back({{wire.attempt(), FromWire(wire.fence())}, wire.step()});
  if (response.next_call_ms() > 0) answer.next_call = std::chrono::milliseconds(response.next_call_ms());
  if (response.lease_ms() > 0) answer.lease = std::chrono::milliseconds(response.lease_ms());
  return answer;
}

}  // namespace optfleet::worker
