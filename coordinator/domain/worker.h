// A worker: a daemon that owns the devices of one machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/time.h"
#include "coordinator/domain/pause.h"
#include "coordinator/domain/states.h"

namespace optfleet::domain {

enum class SlotKind { kCpu = 1, kGpu = 2 };  // numbers of optfleet.v1.Slot.Kind

struct Slot {
  int32_t index = 0;  // distinct on its worker
  SlotKind kind = SlotKind::kCpu;
  int32_t threads = 1;       // of a CPU slot
  int64_t memory_bytes = 0;  // for one trainer; 0: no limit
  std::string device_uuid;   // of a GPU
  std::string model;
  friend bool operator==(const Slot&, const Slot&) = default;
};

struct Worker {
  std::string id;
  WorkerState state = WorkerState::kReady;
  std::vector<Slot> slots;
  int64_t host_memory_bytes = 0;    // for everything it runs; 0: not known
  std::vector<std::string> labels;  // NAME=VALUE, sorted
  std::string version;
  std::string host;
  int64_t session = 0;                    // of the process that counts
  std::vector<int64_t> retired_sessions;  // of processes that it replaced, newest last, at most eight
  Time last_seen;                         // at most a tenth of a lease behind on disk
  Pause drain = Pause::kNo;               // by a person; kept over its restarts
  int32_t failures_in_a_row = 0;          // attempts that failed here, of any job, since one did not
  std::optional<Time> excluded_until;     // after too many of them
  friend bool operator==(const Worker&, const Worker&) = default;
};

}  // namespace optfleet::domain
