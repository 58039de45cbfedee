#include "trainer_core/rules/cuda/every_update.h"
#include "trainer_core/rules/cuda/launch.cuh"
#include "trainer_core/rules/cuda/quantised_body.h"

namespace optfleet::rules::cuda {
namespace {

// The threads of this thread block; a phase ends at a barrier.
struct ThreadBlock {
  QuantisedHeld held;

  template <class Phase>
  OPTFLEET_ELEMENT void Each(Phase phase) {
#ifdef __CUDA_ARCH__
    phase(static_cast<int>(threadIdx.x), held);
    __syncthreads();
#endif
  }
};

// Three thread blocks on a multiprocessor at least: as many as registers allow without spilling.
template <class Rule>
__global__ void __launch_bounds__(kThreads, 3)
    QuantisedKernel(const __grid_constant__ Rule rule, const __grid_constant__ DeviceGradient gradient,
                    const __grid_constant__ TensorTable<QuantisedElements> table, const CodeTables* tables) {
  __shared__ QuantisedShared shared;
  ThreadBlock team;
  UpdateQuantisedChunk(rule, gradient, table, tables, static_cast<int32_t>(blockIdx.x), shared, team);
}

}  // namespace

template <class Rule>
void Update(const Rule& rule, const DeviceGradient& gradient, std::span<const QuantisedElements> tensors,
            const CodeTables* tables, Stream stream) {
  using Table = TensorTable<QuantisedElements>;
  static_assert(sizeof(Rule) + sizeof(DeviceGradient) + sizeof(Table) + sizeof(tables) + 16 <=
                kArgumentBytes);
  ForEachLaunch(tensors, QuantisedChunksOf, [&](const Table& table, int32_t chunks) {
    QuantisedKernel<<<static_cast<unsigned>(chunks), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(
        rule, gradient, table, tables);
    CheckLaunch();
  });
}

OPTFLEET_QUANTISED_DEVICE_UPDATES

}  // namespace optfleet::rules::cuda
