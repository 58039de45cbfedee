#include "coordinator/rpc/from_wire.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "common/version.h"
#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/reply.h"

namespace optfleet::rpc {
namespace {

using Violation = std::optional<RpcError>;

std::string At(std::string_view field, int index) {
  return std::string(field) + "[" + std::to_string(index) + "]";
}

Violation CheckCount(std::string_view field, int count, int limit) {
  if (count <= limit) return std::nullopt;
  return BadField(std::string(field),
                  "must have at most " + std::to_string(limit) + " entries, found " + std::to_string(count));
}

Violation CheckNotNegative(const std::string& field, int64_t value) {
  if (value >= 0) return std::nullopt;
  return BadField(field, "must not be negative, found " + std::to_string(value));
}

Violation First(std::initializer_list<Violation> violations) {
  for (const Violation& violation : violations) {
    if (violation) return violation;
  }
  return std::nullopt;
}

RpcResult<domain::Slot> SlotFromWire(const v1::Slot& wire, const std::string& field) {
  if (wire.kind() != v1::Slot::KIND_CPU && wire.kind() != v1::Slot::KIND_GPU) {
    return tl::make_unexpected(BadField(field + ".kind", "must be KIND_CPU or KIND_GPU"));
  }
  if (auto bad = First({CheckNotNegative(field + ".index", wire.index()),
                        CheckNotNegative(field + ".threads", wire.threads()),
                        CheckNotNegative(field + ".memory_bytes", wire.memory_bytes()),
                        CheckText(field + ".device_uuid", wire.device_uuid(), kMaxTextBytes),
                        CheckText(field + ".model", wire.model(), kMaxTextBytes)})) {
    return tl::make_unexpected(*std::move(bad));
  }
  return domain::Slot{.index = wire.index(),
                      .kind = static_cast<domain::SlotKind>(wire.kind()),
                      .threads = wire.threads(),
                      .memory_bytes = wire.memory_bytes(),
                      .device_uuid = wire.device_uuid(),
                      .model = wire.model()};
}

Violation CheckStatus(const v1::AttemptStatus& wire, const std::string& field) {
  if (wire.state() < v1::AttemptStatus::STATE_STARTING || wire.state() > v1::AttemptStatus::STATE_ENDED) {
    return BadField(field + ".state", "must be STARTING, RUNNING or ENDED");
  }
  if (!v1::Outcome_IsValid(wire.outcome())) return BadField(field + ".outcome", "is not known here");
  if (wire.share() < 0 || wire.share() > domain::kWholeSlot)
    return BadField(field + ".share", "must be a number of percent, at most 100");
  return First({CheckCount(field + ".slots", wire.slots_size(), kMaxSlots),
                CheckCount(field + ".final", wire.final_size(), kMaxFigures),
                CheckNotNegative(field + ".memory_bytes", wire.memory_bytes()),
                CheckNotNegative(field + ".last_record", wire.last_record()),
                CheckNotNegative(field + ".checkpoint_step", wire.checkpoint_step()),
                CheckNotNegative(field + ".checkpoint_record", wire.checkpoint_record()),
                CheckNotNegative(field + ".resume_step", wire.resume_step()),
                CheckNotNegative(field + ".resume_record", wire.resume_record()),
                CheckNotNegative(field + ".log_skipped_bytes", wire.log_skipped_bytes()),
                CheckText(field + ".reason", wire.reason(), kMaxTextBytes),
                CheckText(field + ".log_tail", wire.log_tail(), kMaxLogTailBytes),
                CheckText(field + ".run_directory", wire.run_directory(), kMaxTextBytes),
                CheckText(field + ".numerics_json", wire.numerics_json(), kMaxJsonBytes)});
}

RpcResult<engine::AttemptStatus> StatusFromWire(const v1::AttemptStatus& wire, const std::string& field) {
  auto name = AttemptNameFrom(field + ".attempt", wire.attempt());
  if (!name) return tl::make_unexpected(std::move(name).error());
  if (auto bad = CheckStatus(wire, field)) return tl::make_unexpected(*std::move(bad));

  engine::AttemptStatus status;
  status.attempt = *std::move(name);
  status.fence = {wire.fence().incarnation(), wire.fence().attempt()};
  status.state = static_cast<engine::AttemptStatus::State>(wire.state());
  status.slots.assign(wire.slots().begin(), wire.slots().end());
  status.share = wire.share() == 0 ? domain::kWholeSlot : wire.share();
  status.memory_bytes = wire.memory_bytes();
  status.last_record = wire.last_record();
  status.checkpoint_step = wire.checkpoint_step();
  status.checkpoint_record = wire.checkpoint_record();
  status.trainer_pid = wire.trainer_pid();
  if (wire.outcome() != v1::OUTCOME_UNSPECIFIED) status.outcome = static_cast<Outcome>(wire.outcome());
  status.reason = wire.reason();
  for (const v1::Figure& figure : wire.final()) status.final[figure.key()] = figure.value();
  status.retryable = wire.retryable();
  // A newer worker may know causes that this program does not.
  if (v1::FailureCause_IsValid(wire.cause())) status.cause = static_cast<FailureCause>(wire.cause());
  status.numerics_json = wire.numerics_json();
  status.log_tail = wire.log_tail();
  status.log_skipped_bytes = wire.log_skipped_bytes();
  status.run_directory = wire.run_directory();
  status.resumed = wire.resumed();
  status.resume_step = wire.resume_step();
  status.resume_record = wire.resume_record();
  return status;
}

RpcResult<engine::KeptStatus> KeptFromWire(const v1::KeptCheckpoint& wire, const std::string& field) {
  auto name = AttemptNameFrom(field + ".attempt", wire.attempt());
  if (!name) return tl::make_unexpected(std::move(name).error());
  if (auto bad = First({CheckNotNegative(field + ".step", wire.step()),
                        CheckNotNegative(field + ".bytes", wire.bytes()),
                        CheckNotNegative(field + ".fence.incarnation", wire.fence().incarnation())})) {
    return tl::make_unexpected(*std::move(bad));
  }
  if (wire.fence().attempt() != name->attempt)
    return tl::make_unexpected(BadField(field + ".fence.attempt", "must be the number of the attempt"));
  engine::KeptStatus status;
  status.attempt = *std::move(name);
  status.fence = {wire.fence().incarnation(), wire.fence().attempt()};
  status.step = wire.step();
  if (wire.has_val_loss() && std::isfinite(wire.val_loss())) status.val_loss = wire.val_loss();
  status.bytes = wire.bytes();
  return status;
}

Violation TakeKept(const v1::SynchronizeRequest& request, engine::Synchronize* input) {
  input->kept_digest = request.kept_digest();
  if (auto bad = CheckText("kept_digest", request.kept_digest(), kMaxTextBytes)) return bad;
  if (!request.has_kept()) return std::nullopt;
  const v1::KeptList& list = request.kept();
  if (auto bad = First({CheckCount("kept.checkpoints", list.checkpoints_size(), kMaxKept),
                        CheckText("kept.folder", list.folder(), kMaxTextBytes)}))
    return bad;
  input->kept_folder = list.folder();
  input->kept.emplace();
  for (int i = 0; i < list.checkpoints_size(); ++i) {
    auto status = KeptFromWire(list.checkpoints(i), At("kept.checkpoints", i));
    if (!status) return std::move(status).error();
    input->kept->push_back(*std::move(status));
  }
  return std::nullopt;
}

bool IsMetricKey(std::string_view key) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '/' || c == '.';
  };
  return !key.empty() && key.size() <= 63 && key[0] >= 'a' && key[0] <= 'z' &&
         std::all_of(key.begin(), key.end(), allowed);
}

Violation CheckColumns(const v1::RecordBatch& wire, const std::string& field) {
  if (wire.first_record() < 1 || wire.first_record() > store::kLastRecord) {
    return BadField(field + ".first_record", "must be from 1 to " + std::to_string(store::kLastRecord));
  }
  if (auto bad = First({CheckCount(field + ".keys", wire.keys_size(), kMaxReportKeys),
                        CheckCount(field + ".steps", wire.steps_size(), kMaxReportRecords),
                        CheckCount(field + ".values", wire.values_size(), kMaxReportPoints)})) {
    return bad;
  }
  if (wire.time_us_size() != wire.steps_size() || wire.point_counts_size() != wire.steps_size()) {
    return BadField(field, "must have one time and one point count per step");
  }
  uint64_t points = 0;
  for (const uint32_t count : wire.point_counts()) points += count;
  if (wire.values_size() != wire.key_index_size() || points != static_cast<uint64_t>(wire.values_size())) {
    return BadField(field, "must have as many values and key indices as its point counts add up to");
  }
  for (int i = 0; i < wire.keys_size(); ++i) {
    if (!IsMetricKey(wire.keys(i)))
      return BadField(At(field + ".keys", i), "must match [a-z][a-z0-9_/.]{0,62}");
  }
  for (const uint32_t index : wire.key_index()) {
    if (index >= static_cast<uint32_t>(wire.keys_size()))
      return BadField(field + ".key_index", "points behind the keys");
  }
  const auto negative =
      std::find_if(wire.steps().begin(), wire.steps().end(), [](int64_t step) { return step < 0; });
  return negative == wire.steps().end() ? std::nullopt : CheckNotNegative(field + ".steps", *negative);
}

RpcResult<store::RecordBatch> BatchFromWire(const v1::AttemptRecords& wire, const std::string& field) {
  auto name = AttemptNameFrom(field + ".attempt", wire.attempt());
  if (!name) return tl::make_unexpected(std::move(name).error());
  const v1::RecordBatch& columns = wire.records();
  if (auto bad = CheckColumns(columns, field + ".records")) return tl::make_unexpected(*std::move(bad));

  store::RecordBatch batch;
  batch.attempt = *std::move(name);
  batch.fence = {wire.fence().incarnation(), wire.fence().attempt()};
  batch.keys.assign(columns.keys().begin(), columns.keys().end());
  batch.first_record = columns.first_record();
  batch.steps.assign(columns.steps().begin(), columns.steps().end());
  batch.times_us.assign(columns.time_us().begin(), columns.time_us().end());
  batch.point_counts.assign(columns.point_counts().begin(), columns.point_counts().end());
  batch.key_index.assign(columns.key_index().begin(), columns.key_index().end());
  batch.values.assign(columns.values().begin(), columns.values().end());
  return batch;
}

}  // namespace

std::optional<RpcError> CheckWireVersion(int32_t theirs, const std::string& worker,
                                         const std::string& program_version) {
  if (theirs >= std::max(1, kWireVersion - 1) && theirs <= kWireVersion + 1) return std::nullopt;
  const std::string ours = std::to_string(kWireVersion);
  RpcError error{Code::kFailedPrecondition, "WIRE_VERSION_UNSUPPORTED",
                 "worker " + worker + " (" + program_version + ") speaks version " + std::to_string(theirs) +
                     " of the worker API and this coordinator (" + kVersion + ") version " + ours +
                     "; install releases of both whose versions differ by at most one"};
  error.metadata = {{"worker_version", std::to_string(theirs)}, {"coordinator_version", ours}};
  return error;
}

RpcResult<engine::Synchronize> FromWire(const v1::SynchronizeRequest& request) {
  if (!IsValidId(request.worker_id())) {
    return tl::make_unexpected(
        BadField("worker_id", "must be lower-case letters, digits and hyphens, at most 63"));
  }
  if (auto bad = First({CheckCount("slots", request.slots_size(), kMaxSlots),
                        CheckCount("attempts", request.attempts_size(), kMaxAttemptStatuses),
                        CheckCount("labels", request.labels_size(), kMaxLabels),
                        CheckNotNegative("host_memory_bytes", request.host_memory_bytes()),
                        CheckText("version", request.version(), kMaxTextBytes),
                        CheckText("host", request.host(), kMaxTextBytes)})) {
    return tl::make_unexpected(*std::move(bad));
  }
  engine::Synchronize input;
  input.worker_id = request.worker_id();
  input.session = request.session();
  input.sequence = request.sequence();
  input.version = request.version();
  input.host = request.host();
  input.host_memory_bytes = request.host_memory_bytes();
  for (int i = 0; i < request.labels_size(); ++i) {
    if (!IsLabel(request.labels(i)))
      return tl::make_unexpected(BadField(At("labels", i), "must read NAME=VALUE, as in zone=a"));
    input.labels.push_back(request.labels(i));
  }
  std::sort(input.labels.begin(), input.labels.end());
  input.labels.erase(std::unique(input.labels.begin(), input.labels.end()), input.labels.end());
  std::set<int32_t> indices;
  for (int i = 0; i < request.slots_size(); ++i) {
    auto slot = SlotFromWire(request.slots(i), At("slots", i));
    if (!slot) return tl::make_unexpected(std::move(slot).error());
    if (!indices.insert(slot->index).second) {
      return tl::make_unexpected(BadField(At("slots", i) + ".index", "is the index of another slot, too"));
    }
    input.slots.push_back(*std::move(slot));
  }
  // Twice under different fences is possible: before and after a backup was restored.
  std::set<std::pair<AttemptName, Fence>> names;
  for (int i = 0; i < request.attempts_size(); ++i) {
    auto status = StatusFromWire(request.attempts(i), At("attempts", i));
    if (!status) return tl::make_unexpected(std::move(status).error());
    if (!names.insert({status->attempt, status->fence}).second) {
      return tl::make_unexpected(BadField(At("attempts", i) + ".attempt", "is named twice"));
    }
    input.attempts.push_back(*std::move(status));
  }
  if (auto bad = TakeKept(request, &input)) return tl::make_unexpected(*std::move(bad));
  input.draining = request.draining();
  input.leaving = request.leaving();
  return input;
}

RpcResult<std::vector<store::RecordBatch>> FromWire(const v1::ReportMetricsRequest& request) {
  if (auto bad = CheckCount("attempts", request.attempts_size(), kMaxReportAttempts))
    return tl::make_unexpected(*std::move(bad));
  std::vector<store::RecordBatch> batches;
  for (int i = 0; i < request.attempts_size(); ++i) {
    auto batch = BatchFromWire(request.attempts(i), At("attempts", i));
    if (!batch) return tl::make_unexpected(std::move(batch).error());
    batches.push_back(*std::move(batch));
  }
  return batches;
}

RpcResult<sweeps::SweepInput> FromWire(const v1::Sweep& sweep) {
  if (sweep.files_size() == 0)
    return tl::make_unexpected(BadField("sweep.files", "must have at least one file"));
  if (auto bad =
          First({CheckCount("sweep.files", sweep.files_size(), kMaxSourceFiles),
                 CheckCount("sweep.overrides", sweep.overrides_size(), kMaxOverrides),
                 CheckCount("sweep.environment", static_cast<int>(sweep.environment_size()), kMaxOverrides),
                 CheckText("sweep.display_name", sweep.display_name(), kMaxTextBytes),
                 CheckText("sweep.working_folder", sweep.working_folder(), kMaxTextBytes)})) {
    return tl::make_unexpected(*std::move(bad));
  }
  sweeps::SweepInput input;
  size_t bytes = 0;
  for (int i = 0; i < sweep.files_size(); ++i) {
    const v1::SourceFile& file = sweep.files(i);
    const std::string field = At("sweep.files", i);
    bytes += file.text().size();
    if (auto bad = First({CheckText(field + ".path", file.path(), kMaxTextBytes),
                          CheckText(field + ".folder", file.folder(), kMaxTextBytes)})) {
      return tl::make_unexpected(*std::move(bad));
    }
    input.files.push_back({.path = file.path(), .text = file.text(), .folder = file.folder()});
  }
  if (bytes > kMaxSourceBytes) {
    return tl::make_unexpected(
        BadField("sweep.files", "must have at most " + std::to_string(kMaxSourceBytes) + " bytes together"));
  }
  for (int i = 0; i < sweep.overrides_size(); ++i) {
    if (auto bad = CheckText(At("sweep.overrides", i), sweep.overrides(i), kMaxOverrideBytes))
      return tl::make_unexpected(*std::move(bad));
  }
  input.overrides.assign(sweep.overrides().begin(), sweep.overrides().end());
  input.working_folder = sweep.working_folder();
  for (const auto& [name, value] : sweep.environment()) {
    if (auto bad = CheckText("sweep.environment", value, kMaxTextBytes))
      return tl::make_unexpected(*std::move(bad));
    input.environment[name] = value;
  }
  return input;
}

RpcResult<sweeps::SweepInput> FromWire(const v1::CreateSweepRequest& request) {
  if (auto bad = CheckRequestId(request.request_id())) return tl::make_unexpected(*std::move(bad));
  if (!request.sweep_id().empty() && !IsValidId(request.sweep_id())) {
    return tl::make_unexpected(BadField(
        "sweep_id", "must be lower-case letters, digits and hyphens, begin with a letter, at most 63"));
  }
  return FromWire(request.sweep());
}

}  // namespace optfleet::rpc
