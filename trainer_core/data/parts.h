// Which data a run saw, and where a file is cut in two. Pure.
#pragma once

#include <cstdint>

namespace optfleet::trainer {

// A resume on other data is refused.
struct DataFingerprint {
  int64_t size = 0;     // bytes of the files
  uint32_t crc32c = 0;  // of what they hold, one after the other
  friend bool operator==(const DataFingerprint&, const DataFingerprint&) = default;
};

// How many of `tokens` train, from the front: floor((1 - share) x tokens). No sequence, targets included,
// crosses that border, so nothing that validates was trained on.
int64_t TrainingShare(int64_t tokens, double validation_share);

}  // namespace optfleet::trainer
