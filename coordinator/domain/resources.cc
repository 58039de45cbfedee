#include "coordinator/domain/resources.h"

#include <algorithm>

#include "common/text.h"

namespace optfleet::domain {

int64_t MemoryTaken(const Resources& request, int64_t slot_memory_bytes) {
  if (request.share == kWholeSlot) return slot_memory_bytes;
  const int64_t of_share = slot_memory_bytes / kWholeSlot * request.share;
  return std::min(request.memory_bytes > 0 ? request.memory_bytes : of_share, slot_memory_bytes);
}

int64_t RoundedPrediction(int64_t bytes) {
  if (bytes <= 0) return 0;
  const int64_t wanted = bytes + bytes / 10;
  int64_t step = 1;
  while (step * 16 <= wanted) step *= 2;
  return (wanted + step - 1) / step * step;
}

std::string ToText(const Resources& request) {
  std::string text = request.slots == 1 ? "a" : std::to_string(request.slots);
  if (request.share < kWholeSlot) text = std::to_string(request.share) + " % of " + text;
  if (request.kind) text += *request.kind == SlotKind::kGpu ? " gpu" : " cpu";
  text += request.slots == 1 ? " slot" : " slots of one worker";
  if (request.memory_bytes > 0) {
    text += request.memory_is_predicted ? " with a predicted " : " with ";
    text += FormatBytes(request.memory_bytes) + (request.slots == 1 ? "" : " each");
  }
  if (request.host_memory_bytes > 0)
    text += ", " + FormatBytes(request.host_memory_bytes) + " of host memory";
  for (size_t i = 0; i < request.labels.size(); ++i)
    text += (i == 0 ? ", label " : " and ") + request.labels[i];
  return text;
}

}  // namespace optfleet::domain
