// Which data a run saw. Pure.
#pragma once

#include <cstdint>

namespace optfleet::trainer {

// A resume on other data is refused.
struct DataFingerprint {
  int64_t size = 0;     // bytes of the files
  uint32_t crc32c = 0;  // of what they hold, one after the other
  friend bool operator==(const DataFingerprint&, const DataFingerprint&) = default;
};

}  // namespace optfleet::trainer
