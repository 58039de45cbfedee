// What each job of a sweep needs of a worker, and how the sweep stands among others: the header keys
// `resources`, `priority` and `max_running`. They say how jobs run, not what they train, so they are not part
// of a spec or its hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "common/yaml.h"

namespace optfleet::sweeps {

// As far as it was written. Plain values.
struct Resources {
  enum class Device { kAny, kCpu, kGpu };
  // kPredicted: what spec/memory.h computes for each job.
  enum class Memory { kPredicted, kAny, kBytes };

  std::optional<int32_t> slots;  // of one worker at the same moment; 1
  std::optional<Device> device;  // kAny
  std::optional<int32_t> share;  // percent of each slot; 100
  std::optional<Memory> memory;  // kPredicted
  int64_t memory_bytes = 0;      // of each slot, with kBytes
  std::optional<int64_t> host_memory_bytes;
  std::optional<std::vector<std::string>> labels;  // NAME=VALUE, sorted
  std::optional<int32_t> priority;                 // higher first; 0
  std::optional<int32_t> max_running;              // 0: no limit
};

// Names of header keys that ReadResources takes; a dotted key ("resources.slots") belongs to it, too.
bool IsResourceKey(std::string_view key);

// Adds one entry of the top level. What is not allowed is reported and left out.
void ReadResources(const YamlEntry& entry, Resources* resources, Diagnostics* diagnostics);

// Replaces what `over` gives.
void MergeResources(const Resources& over, Resources* base);

}  // namespace optfleet::sweeps
