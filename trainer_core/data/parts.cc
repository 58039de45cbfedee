#include "trainer_core/data/parts.h"

#include <algorithm>
#include <cmath>

#include "common/checksum.h"

namespace optfleet::trainer {

DataFingerprint Fingerprint(std::span<const uint8_t> bytes) {
  return {static_cast<int64_t>(bytes.size()), Crc32c(std::as_bytes(bytes))};
}

DataParts SplitByShare(std::span<const uint8_t> bytes, double validation_share) {
  const double kept = std::floor((1.0 - validation_share) * static_cast<double>(bytes.size()));
  const size_t border = std::min(bytes.size(), static_cast<size_t>(std::max(0.0, kept)));
  return {bytes.first(border), bytes.subspan(border)};
}

}  // namespace optfleet::trainer
