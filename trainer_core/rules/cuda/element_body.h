// What one thread of an element kernel does. Compiled into the kernels by nvcc, and by any C++ compiler into
// tests, which run it for all threads in a loop and compare with the CPU's loops.
#pragma once

#include <cstdint>

#include "trainer_core/rules/cuda/pack.h"
#include "trainer_core/rules/cuda/tensor_table.h"
#include "trainer_core/rules/cuda/update.h"

namespace optfleet::rules::cuda {

inline constexpr int kChunk = 4096;  // elements of a thread block: four rounds of four for each thread

template <class Weight, class State>
int64_t ChunksOf(const Elements<Weight, State>& tensor) {
  return (tensor.count + kChunk - 1) / kChunk;
}

template <class Rule>
OPTFLEET_ELEMENT void Apply(const Rule& rule, float& w, float g, float (&states)[kMostStates]) {
  if constexpr (Rule::kStates == 0) rule(w, g);
  if constexpr (Rule::kStates == 1) rule(w, g, states[0]);
  if constexpr (Rule::kStates == 2) rule(w, g, states[0], states[1]);
  if constexpr (Rule::kStates == 3) rule(w, g, states[0], states[1], states[2]);
}

template <class Rule, class Weight, class State>
OPTFLEET_ELEMENT void UpdateOne(const Rule& rule, const GradientTransform& transform,
                                const Elements<Weight, State>& tensor, int64_t i) {
  float w = Load(tensor.weight[i]);
  float states[kMostStates];
  for (int s = 0; s < Rule::kStates; ++s) states[s] = Load(tensor.states[s][i]);
  Apply(rule, w, transform(Load(tensor.gradient[i])), states);
  Store(w, &tensor.weight[i]);
  for (int s = 0; s < Rule::kStates; ++s) Store(states[s], &tensor.states[s][i]);
}

// The same for kPack elements from i on, where all arrays begin a pack.
template <class Rule, class Weight, class State>
OPTFLEET_ELEMENT void UpdatePack(const Rule& rule, const GradientTransform& transform,
                                 const Elements<Weight, State>& tensor, int64_t i) {
  Pack<Weight> weight = ReadPack(tensor.weight + i);
  const Pack<Weight> gradient = ReadPack(tensor.gradient + i);
  Pack<State> held[kMostStates];
  for (int s = 0; s < Rule::kStates; ++s) held[s] = ReadPack(tensor.states[s] + i);
  for (int k = 0; k < kPack; ++k) {
    float w = Load(weight.at[k]);
    float states[kMostStates];
    for (int s = 0; s < Rule::kStates; ++s) states[s] = Load(held[s].at[k]);
    Apply(rule, w, transform(Load(gradient.at[k])), states);
    Store(w, &weight.at[k]);
    for (int s = 0; s < Rule::kStates; ++s) Store(states[s], &held[s].at[k]);
  }
  WritePack(weight, tensor.weight + i);
  for (int s = 0; s < Rule::kStates; ++s) WritePack(held[s], tensor.states[s] + i);
}

template <class Rule, class Weight, class State>
OPTFLEET_ELEMENT bool MayPack(const Elements<Weight, State>& tensor) {
  bool may = BeginsPack(tensor.weight) && BeginsPack(tensor.gradient);
  for (int s = 0; s < Rule::kStates; ++s) may = may && BeginsPack(tensor.states[s]);
  return may;
}

template <class Rule, class Weight, class State>
OPTFLEET_ELEMENT void UpdateChunk(const Rule& rule, const DeviceGradient& gradient,
                                  const TensorTable<Elements<Weight, State>>& table, int32_t chunk,
                                  int thread) {
  if (*gradient.not_finite != 0) return;
  const GradientTransform transform{*gradient.scale, gradient.bound};
  const int index = TensorOf(table, chunk);
  const Elements<Weight, State>& tensor = table.tensors[index];
  const int64_t begin = static_cast<int64_t>(chunk - table.first_chunk[index]) * kChunk;
  const int64_t end = begin + kChunk < tensor.count ? begin + kChunk : tensor.count;
  const int64_t packed = MayPack<Rule>(tensor) ? (end - begin) / kPack * kPack : 0;
  for (int64_t i = begin + thread * kPack; i < begin + packed; i += kThreads * kPack)
    UpdatePack(rule, transform, tensor, i);
  for (int64_t i = begin + packed + thread; i < end; i += kThreads) UpdateOne(rule, transform, tensor, i);
}

}  // namespace optfleet::rules::cuda
