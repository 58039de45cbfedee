#include <fmt/format.h>

#include "trainer_core/memory/device_memory.h"

namespace optfleet::trainer {
namespace {

double Mebibytes(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

std::string DescribeRefusal(const MemoryUse& use) {
  std::string where =
      use.limit_bytes > 0 ? fmt::format("of the slot's {:.1f} MiB ", Mebibytes(use.limit_bytes)) : "";
  return fmt::format("{:.1f} MiB more were refused: {:.1f} MiB {}were in use (peak {:.1f} MiB)",
                     Mebibytes(use.refused_bytes), Mebibytes(use.live_when_refused_bytes), where,
                     Mebibytes(use.peak_bytes));
}

}  // namespace optfleet::trainer
