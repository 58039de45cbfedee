// What a thread block of the 8-bit kernels does, in phases. A Team runs phases: `team.Each(phase)` calls
// phase(thread, held) for all threads of the block, each with its own `held`, and comes back when all of them
// are done. On a device that is a barrier; in tests it is a loop, so any C++ compiler runs this text too.
//
// A thread block walks over tiles of up to kTile elements that hold whole quantisation blocks; every thread
// has kEach neighbouring elements of a tile.
#pragma once

#include <cstdint>

#include "trainer_core/rules/cuda/nearest_code.h"
#include "trainer_core/rules/cuda/quantised_share.h"
#include "trainer_core/rules/cuda/tensor_table.h"
#include "trainer_core/rules/cuda/update.h"

namespace optfleet::rules::cuda {

inline constexpr int kTile = kThreads * kEach;
inline constexpr int kTilesInChunk = 4;  // each thread block loads the code tables once
static_assert(kTile == kMostBlock, "a tile has room for the largest quantisation block");

OPTFLEET_ELEMENT int ElementsOfTile(int block) { return kTile / block * block; }

inline int64_t QuantisedChunksOf(const QuantisedElements& tensor) {
  const int64_t chunk = static_cast<int64_t>(kTilesInChunk) * ElementsOfTile(tensor.block);
  return (tensor.count + chunk - 1) / chunk;
}

// Of a thread block.
struct QuantisedShared {
  CodeTables tables;
  // Of the quantisation blocks of a tile, as bits: of floats that are not negative these have the same order.
  int32_t largest_momentum[kTile];
  int32_t largest_second[kTile];
};

// One tile of a tensor; its members are the phases in their order.
template <class Rule>
struct QuantisedTile {
  static constexpr bool kTwoStates = Rule::kStates == 2;

  const QuantisedElements& tensor;
  int64_t begin;        // its first element
  int64_t first_block;  // its first quantisation block
  int size;             // its elements

  OPTFLEET_ELEMENT void Clear(int thread, QuantisedShared& shared) const {
    for (int i = thread; i * tensor.block < size; i += kThreads) {
      shared.largest_momentum[i] = 0;
      if constexpr (kTwoStates) shared.largest_second[i] = 0;
    }
  }

  OPTFLEET_ELEMENT void Update(const Rule& rule, const GradientTransform& transform, int thread,
                               QuantisedShared& shared, QuantisedHeld& held) const {
    const int first = thread * kEach, left = size - first;
    held.begin = begin + first;
    held.count = left < 0 ? 0 : (left < kEach ? left : kEach);
    held.block = first / tensor.block;
    held.offset = first % tensor.block;
    float w[kEach], g[kEach];
    uint8_t m_codes[kEach], v_codes[kEach];
    CopyIn(tensor.weight + held.begin, held.count, w);
    CopyIn(tensor.gradient + held.begin, held.count, g);
    CopyIn(tensor.momentum.codes + held.begin, held.count, m_codes);
    if constexpr (kTwoStates) CopyIn(tensor.second_moment.codes + held.begin, held.count, v_codes);
    float m_scale = 0, v_scale = 0;
    ForEachElement(held, tensor.block, [&](int k, int block, bool block_begins) {
      if (block_begins) {
        m_scale = tensor.momentum.scales[first_block + block];
        if constexpr (kTwoStates) v_scale = tensor.second_moment.scales[first_block + block];
      }
      float m = shared.tables.with_sign.value[m_codes[k]] * m_scale;
      if constexpr (kTwoStates) {
        float v = shared.tables.without_sign.value[v_codes[k]] * v_scale;
        rule(w[k], transform(g[k]), m, v);
        held.second[k] = v;
      } else {
        rule(w[k], transform(g[k]), m);
      }
      held.momentum[k] = m;
    });
    CopyOut(w, held.count, tensor.weight + held.begin);
    RaiseLargest(held, tensor.block, held.momentum, shared.largest_momentum);
    if constexpr (kTwoStates) RaiseLargest(held, tensor.block, held.second, shared.largest_second);
  }

  OPTFLEET_ELEMENT void Encode(int thread, const QuantisedShared& shared, const QuantisedHeld& held) const {
    uint8_t m_codes[kEach], v_codes[kEach];
    float m_inverse = 0, v_inverse = 0;
    ForEachElement(held, tensor.block, [&](int k, int block, bool block_begins) {
      if (block_begins) {
        m_inverse = InverseOf(FloatOf(shared.largest_momentum[block]));
        if constexpr (kTwoStates) v_inverse = InverseOf(FloatOf(shared.largest_second[block]));
      }
      m_codes[k] = SignedCode(held.momentum[k], m_inverse, shared.tables.with_sign);
      if constexpr (kTwoStates)
        v_codes[k] = UnsignedCode(held.second[k], v_inverse, shared.tables.without_sign);
    });
    CopyOut(m_codes, held.count, tensor.momentum.codes + held.begin);
    if constexpr (kTwoStates) CopyOut(v_codes, held.count, tensor.second_moment.codes + held.begin);
    for (int i = thread; i * tensor.block < size; i += kThreads) {
      tensor.momentum.scales[first_block + i] = FloatOf(shared.largest_momentum[i]);
      if constexpr (kTwoStates)
        tensor.second_moment.scales[first_block + i] = FloatOf(shared.largest_second[i]);
    }
  }
};

OPTFLEET_ELEMENT void LoadTables(const CodeTables* tables, int thread, QuantisedShared& shared) {
  const auto* from = reinterpret_cast<const uint32_t*>(tables);
  auto* to = reinterpret_cast<uint32_t*>(&shared.tables);
  for (int i = thread; i < static_cast<int>(sizeof(CodeTables) / sizeof(uint32_t)); i += kThreads)
    to[i] = from[i];
}

// All that one thread block does.
template <class Rule, class Team>
OPTFLEET_ELEMENT void UpdateQuantisedChunk(const Rule& rule, const DeviceGradient& gradient,
                                           const TensorTable<QuantisedElements>& table,
                                           const CodeTables* tables, int32_t chunk, QuantisedShared& shared,
                                           Team& team) {
  if (*gradient.not_finite != 0) return;
  const GradientTransform transform{*gradient.scale, gradient.bound};
  const int index = TensorOf(table, chunk);
  const QuantisedElements& tensor = table.tensors[index];
  const int whole = ElementsOfTile(tensor.block);
  const int64_t first_tile = static_cast<int64_t>(chunk - table.first_chunk[index]) * kTilesInChunk;
  team.Each([&](int thread, QuantisedHeld&) { LoadTables(tables, thread, shared); });
  for (int64_t i = first_tile; i < first_tile + kTilesInChunk && i * whole < tensor.count; ++i) {
    const int64_t begin = i * whole, left = tensor.count - begin;
    const QuantisedTile<Rule> tile{tensor, begin, begin / tensor.block,
                                   left < whole ? static_cast<int>(left) : whole};
    team.Each([&](int thread, QuantisedHeld&) { tile.Clear(thread, shared); });
    team.Each([&](int thread, QuantisedHeld& held) { tile.Update(rule, transform, thread, shared, held); });
    team.Each([&](int thread, QuantisedHeld& held) { tile.Encode(thread, shared, held); });
  }
}

}  // namespace optfleet::rules::cuda
