// How many rows of logits are there at once: what memory holds of them, and what trainer_core/loss computes.
#pragma once

#include <algorithm>
#include <cstdint>

namespace optfleet::spec {

// Of `rows` in all; the same in every piece but for the last. 32 Mi logits are 128 MiB in fp32: below that
// the gradient of a large output matrix would be read and written more often than it takes to compute it.
inline int64_t LossRowsAtOnce(int64_t rows, int64_t vocabulary) {
  constexpr int64_t kLogitsAtOnce = int64_t{1} << 25;
  const int64_t most = std::max<int64_t>(kLogitsAtOnce / vocabulary, 1);
  const int64_t pieces = (rows + most - 1) / most;
  return (rows + pieces - 1) / pieces;
}

}  // namespace optfleet::spec
