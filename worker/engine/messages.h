// What worker and coordinator say to each other (optfleet.v1.AgentService), as plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/failure_cause.h"
#include "common/fence.h"
#include "common/outcome.h"
#include "common/time.h"

namespace optfleet::worker {

// One attempt for ever: its resource name and the database that gave it out.
struct AttemptKey {
  std::string attempt;
  Fence fence;
  friend auto operator<=>(const AttemptKey&, const AttemptKey&) = default;
};

struct Slot {
  int32_t index = 0;
  bool gpu = false;
  int32_t threads = 1;
  int64_t memory_bytes = 0;  // 0: not limited
  std::string device_uuid;
  std::string model;
  friend bool operator==(const Slot&, const Slot&) = default;
};

enum class AttemptState { kStarting = 1, kRunning = 2, kEnded = 3 };

struct AttemptStatus {
  AttemptKey key;
  AttemptState state = AttemptState::kStarting;
  std::vector<int32_t> slots;
  int32_t share = 100;       // percent of each slot
  int64_t memory_bytes = 0;  // of each slot
  int64_t last_record = 0;
  int64_t checkpoint_step = 0;
  int64_t checkpoint_record = 0;
  int64_t trainer_pid = 0;
  // The next eight only when ended.
  Outcome outcome = Outcome::kFailed;
  std::string reason;
  std::map<std::string, double> final;
  bool retryable = false;
  FailureCause cause = FailureCause::kUnknown;
  std::string log_tail;
  int64_t log_skipped_bytes = 0;
  std::string numerics_json;
  std::string run_directory;
  bool resumed = false;
  int64_t resume_step = 0;
  int64_t resume_record = 0;
};

// A checkpoint in kept/: the attempt that wrote it, and its step.
struct KeptName {
  AttemptKey key;
  int64_t step = 0;
  friend auto operator<=>(const KeptName&, const KeptName&) = default;
};

struct KeptCheckpoint {
  KeptName name;
  std::optional<double> val_loss;  // of that very step, if it was validated
  int64_t bytes = 0;
  friend bool operator==(const KeptCheckpoint&, const KeptCheckpoint&) = default;
};

struct KeptList {
  std::string folder;  // absolute path of kept/
  std::vector<KeptCheckpoint> checkpoints;
};

struct SyncRequest {
  int64_t sequence = 0;
  std::vector<Slot> slots;
  std::vector<std::string> labels;
  int64_t host_memory_bytes = 0;  // 0: not known
  std::vector<AttemptStatus> attempts;
  bool draining = false;
  bool leaving = false;
  std::string kept_digest;       // of what lies in kept/; empty: not looked yet
  std::optional<KeptList> kept;  // when the coordinator asked for it
};

struct DesiredAttempt {
  AttemptKey key;
  bool stop = false;  // otherwise: run
  std::vector<int32_t> slots;
  int32_t share = 100;       // percent of each slot
  int64_t memory_bytes = 0;  // of each slot; 0: its share of what the slot has
  std::string spec_json;
  std::optional<AttemptKey> resume_parent;
  Outcome stop_outcome = Outcome::kCancelled;
  std::string stop_reason;
  bool stop_with_checkpoint = false;
  int64_t pause_step = 0;  // 0: none
};

struct Forget {
  AttemptKey key;
  bool kill = false;
  bool keep_checkpoints = false;
  std::string reason;
};

struct HeldRecord {
  std::string attempt;
  int64_t record = 0;
};

struct SyncAnswer {
  std::vector<DesiredAttempt> attempts;
  std::vector<Forget> forget;
  std::vector<HeldRecord> held;
  bool list_kept = false;
  std::vector<KeptName> delete_kept;
  Duration next_call = std::chrono::seconds(1);
  Duration lease = std::chrono::minutes(10);
};

}  // namespace optfleet::worker
