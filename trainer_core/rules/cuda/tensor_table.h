// Many tensors in one launch. Every tensor is cut into chunks, one for a thread block; the table of tensors
// travels as an argument of the kernel, so no copy to the device goes ahead of a launch. Plain C++ that both
// the host and kernels compile; pure.
#pragma once

#include <cstdint>
#include <span>

#include "trainer_core/rules/element.h"

namespace optfleet::rules::cuda {

inline constexpr int kThreads = 256;  // of a thread block
// Arguments of a kernel may take so many bytes on every device and driver.
inline constexpr int kArgumentBytes = 4096;

template <class Tensor>
struct TensorTable {
  // Leaves room for the rule and what else a kernel is given.
  static constexpr int kMostTensors =
      static_cast<int>((kArgumentBytes - 256) / (sizeof(Tensor) + sizeof(int32_t)));

  Tensor tensors[kMostTensors];
  int32_t first_chunk[kMostTensors];  // ascending; chunks of all tensors before
  int32_t count = 0;
};

// Which tensor a chunk is part of.
template <class Tensor>
OPTFLEET_ELEMENT int TensorOf(const TensorTable<Tensor>& table, int32_t chunk) {
  int low = 0, high = table.count;  // the tensor is in [low, high)
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (table.first_chunk[middle] <= chunk)
      low = middle;
    else
      high = middle;
  }
  return low;
}

// Calls launch(table, chunks) as often as the tensors need; chunks_of(tensor) is 0 for an empty one.
template <class Tensor, class ChunksOf, class Launch>
void ForEachLaunch(std::span<const Tensor> tensors, ChunksOf chunks_of, Launch launch) {
  constexpr int64_t kMostChunks = 1 << 30;  // of a launch: a grid has fewer than 2^31 blocks
  TensorTable<Tensor> table;
  int64_t chunks = 0;
  const auto flush = [&] {
    if (table.count > 0) launch(table, static_cast<int32_t>(chunks));
    table.count = 0;
    chunks = 0;
  };
  for (const Tensor& tensor : tensors) {
    const int64_t more = chunks_of(tensor);
    if (more == 0) continue;
    if (table.count == table.kMostTensors || chunks + more > kMostChunks) flush();
    table.tensors[table.count] = tensor;
    table.first_chunk[table.count] = static_cast<int32_t>(chunks);
    ++table.count;
    chunks += more;
  }
  flush();
}

}  // namespace optfleet::rules::cuda
