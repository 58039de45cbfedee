// What an attempt of a job needs of a worker.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/domain/worker.h"

namespace optfleet::domain {

inline constexpr int32_t kWholeSlot = 100;

struct Resources {
  int32_t slots = 1;                  // of one worker, at the same moment (a gang if more than one)
  std::optional<SlotKind> kind = {};  // any, if not said
  int32_t share = kWholeSlot;         // percent of each slot; jobs whose shares fit run side by side
  int64_t memory_bytes = 0;           // on each slot; 0: not known
  // Computed from the spec, not asked for. A prediction chooses among slots, and where no slot is large
  // enough the largest is tried: running out of memory is a result, too.
  bool memory_is_predicted = false;
  int64_t host_memory_bytes = 0;         // of the worker, for the whole attempt
  std::vector<std::string> labels = {};  // NAME=VALUE, sorted; the worker must have each

  friend auto operator<=>(const Resources&, const Resources&) = default;
};

// What an attempt with this request takes of the memory of one slot: what it asks for, else its share; never
// more than there is. 0 where the slot's memory is not limited.
int64_t MemoryTaken(const Resources& request, int64_t slot_memory_bytes);

// Rounded up so that at most eight values lie between a number and its double: jobs whose predictions differ
// by little then wait as one class. At least 10 % above `bytes`, which is how far predictions may be off.
int64_t RoundedPrediction(int64_t bytes);

// "2 gpu slots with 40.0 GB each and zone=a".
std::string ToText(const Resources& request);

}  // namespace optfleet::domain
