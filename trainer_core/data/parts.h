// A text file as training data: one byte is one token (vocabulary 256). Pure.
#pragma once

#include <cstdint>
#include <span>

namespace optfleet::trainer {

// Which data a run saw; a resume on other data is refused.
struct DataFingerprint {
  int64_t size = 0;     // bytes
  uint32_t crc32c = 0;  // of all bytes
  friend bool operator==(const DataFingerprint&, const DataFingerprint&) = default;
};
// Reads everything once, about 2 GB/s.
DataFingerprint Fingerprint(std::span<const uint8_t> bytes);

// The two parts of a file by position. No sequence, targets included, crosses the border, so nothing that
// validates was trained on.
struct DataParts {
  std::span<const uint8_t> train;       // the first floor((1 - share) x size) bytes
  std::span<const uint8_t> validation;  // the rest
};
DataParts SplitByShare(std::span<const uint8_t> bytes, double validation_share);

}  // namespace optfleet::trainer
