#include "worker/devices/slots.h"

#include <algorithm>

namespace optfleet::worker {

std::vector<Slot> MakeSlots(const SlotOptions& options, const Machine& machine,
                            const std::vector<Gpu>& gpus) {
  std::vector<Slot> slots;
  for (const Gpu& gpu : gpus)
    slots.push_back(
        {static_cast<int32_t>(slots.size()), true, options.threads, gpu.memory_bytes, gpu.uuid, gpu.model});
  const int by_cores = gpus.empty() ? std::max(1, machine.cores / std::max(1, options.threads)) : 0;
  const int cpu_slots = options.cpu_slots.value_or(by_cores);
  for (int i = 0; i < cpu_slots; ++i) {
    const int64_t share = machine.memory_bytes / 5 * 4 / cpu_slots;
    slots.push_back({static_cast<int32_t>(slots.size()), false, options.threads,
                     options.memory_bytes.value_or(share), "", machine.processor});
  }
  return slots;
}

Result<std::vector<Slot>> FindSlots(const SlotOptions& options) {
  const auto machine = ReadMachine();
  if (!machine) return Fail(machine.error());
  auto gpus = FindGpus(options.nvml);
  if (!gpus && gpus.error().code() != Code::kNotFound) return Fail(gpus.error());
  return MakeSlots(options, *machine, gpus.value_or(std::vector<Gpu>()));
}

}  // namespace optfleet::worker
