// The kernel around element_body.h and what launches it. For nvcc only; one .cu file for each way in which
// numbers lie in memory, so that they compile beside each other.
#pragma once

#include "trainer_core/rules/cuda/element_body.h"
#include "trainer_core/rules/cuda/every_update.h"
#include "trainer_core/rules/cuda/launch.cuh"

namespace optfleet::rules::cuda {

template <class Rule, class Weight, class State>
__global__ void __launch_bounds__(kThreads)
    ElementKernel(const __grid_constant__ Rule rule, const __grid_constant__ DeviceGradient gradient,
                  const __grid_constant__ TensorTable<Elements<Weight, State>> table) {
  UpdateChunk(rule, gradient, table, static_cast<int32_t>(blockIdx.x), static_cast<int>(threadIdx.x));
}

template <class Rule, class Weight, class State>
void Update(const Rule& rule, const DeviceGradient& gradient,
            std::span<const Elements<Weight, State>> tensors, Stream stream) {
  using Table = TensorTable<Elements<Weight, State>>;
  static_assert(sizeof(Rule) + sizeof(DeviceGradient) + sizeof(Table) + 16 <= kArgumentBytes);
  ForEachLaunch(tensors, ChunksOf<Weight, State>, [&](const Table& table, int32_t chunks) {
    ElementKernel<Rule, Weight, State>
        <<<static_cast<unsigned>(chunks), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(rule, gradient,
                                                                                            table);
    CheckLaunch();
  });
}

}  // namespace optfleet::rules::cuda
