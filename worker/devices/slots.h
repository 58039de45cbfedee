// Which slots a worker offers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "worker/devices/machine.h"
#include "worker/devices/nvml.h"
#include "worker/engine/messages.h"

namespace optfleet::worker {

struct SlotOptions {
  std::optional<int> cpu_slots;         // default: one per core and thread; none beside GPUs
  int threads = 1;                      // of a CPU slot
  std::optional<int64_t> memory_bytes;  // of a CPU slot; default: an equal share of 80 % of the machine's
  std::string nvml = "libnvidia-ml.so.1";
};

// Pure. GPUs come first; indexes run from 0. Two threads on one core train less than one, so cores bound the
// default.
std::vector<Slot> MakeSlots(const SlotOptions& options, const Machine& machine, const std::vector<Gpu>& gpus);

// Looks at the machine. A machine without NVML has no GPU; an NVML that fails is an error, since training on
// the CPU instead would surprise.
Result<std::vector<Slot>> FindSlots(const SlotOptions& options);

}  // namespace optfleet::worker
