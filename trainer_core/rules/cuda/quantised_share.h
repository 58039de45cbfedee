// What one thread of the 8-bit kernels has of a tile (quantised_body.h).
#pragma once

#include <cstdint>

#include "trainer_core/rules/cuda/nearest_code.h"
#include "trainer_core/rules/cuda/pack.h"

namespace optfleet::rules::cuda {

inline constexpr int kEach = 2 * kPack;

// Elements of one thread: [begin, begin + count) of the tensor, the first of them `offset` elements into
// quantisation block number `block` of the tile. And their new states, between phases.
struct QuantisedHeld {
  int64_t begin;
  int count, block, offset;
  float momentum[kEach];
  float second[kEach];
};

// Calls work(k, block, block_begins) for each element k of a thread; the last is true for its first element
// in a block.
template <class Work>
OPTFLEET_ELEMENT void ForEachElement(const QuantisedHeld& held, int block_size, Work work) {
  int block = held.block, offset = held.offset;
  for (int k = 0; k < kEach; ++k) {
    if (k < held.count) work(k, block, k == 0 || offset == 0);
    if (++offset == block_size) {
      offset = 0;
      ++block;
    }
  }
}

// Several threads may raise one place; in which order does not matter to the result.
OPTFLEET_ELEMENT void Raise(float magnitude, int32_t* place) {
#ifdef __CUDA_ARCH__
  atomicMax(place, BitsOf(magnitude));
#else
  if (*place < BitsOf(magnitude)) *place = BitsOf(magnitude);
#endif
}

// `largest` has a place for each quantisation block of the tile.
OPTFLEET_ELEMENT void RaiseLargest(const QuantisedHeld& held, int block_size, const float (&values)[kEach],
                                   int32_t* largest) {
  float most = 0;
  int current = held.block;
  ForEachElement(held, block_size, [&](int k, int block, bool block_begins) {
    if (block_begins && k > 0) {
      Raise(most, &largest[current]);
      most = 0;
      current = block;
    }
    most = Greater(most, Magnitude(values[k]));
  });
  if (held.count > 0) Raise(most, &largest[current]);
}

}  // namespace optfleet::rules::cuda
