// What the fleet has, as the scheduler sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/time.h"
#include "coordinator/domain/resources.h"
#include "coordinator/domain/worker.h"

namespace optfleet::scheduler {

struct SlotOffer {
  int32_t index = 0;
  domain::SlotKind kind = domain::SlotKind::kCpu;
  int64_t memory_bytes = 0;                 // 0: no limit
  int32_t free_share = domain::kWholeSlot;  // percent
  int64_t free_memory_bytes = 0;            // where memory is limited
  // When the last of what runs on it is expected to have ended; nullopt: not known. Only read if something
  // runs on it.
  std::optional<Time> free_at;
};

struct WorkerOffer {
  std::string worker;
  std::vector<SlotOffer> slots;     // by index
  std::vector<std::string> labels;  // sorted
  int64_t host_memory_bytes = 0;    // 0: not known, never a reason to wait
  int64_t free_host_memory_bytes = 0;
  std::string unavailable;       // why it takes nothing new, "is draining"; empty if it does
  std::optional<Time> fresh_at;  // unavailable: when jobs bound to it stop waiting for it
};

}  // namespace optfleet::scheduler
