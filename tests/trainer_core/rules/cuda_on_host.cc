// rules/cuda/update.h without a device: the bodies of the kernels, run for one thread after the other.
#include <new>
#include <vector>

#include "tests/trainer_core/rules/cuda_memory.h"
#include "trainer_core/rules/cuda/element_body.h"
#include "trainer_core/rules/cuda/every_update.h"
#include "trainer_core/rules/cuda/quantised_body.h"

namespace optfleet::rules::cuda {
namespace {

constexpr std::align_val_t kAlignment{256};

// Threads of a device have no order, so every second time the last is the first.
template <class Work>
void ForEach(int count, Work work) {
  static bool backwards = false;
  backwards = !backwards;
  for (int i = 0; i < count; ++i) work(backwards ? count - 1 - i : i);
}

struct Threads {
  std::vector<QuantisedHeld> held = std::vector<QuantisedHeld>(kThreads);

  template <class Phase>
  void Each(Phase phase) {
    ForEach(kThreads, [&](int thread) { phase(thread, held[static_cast<size_t>(thread)]); });
  }
};

}  // namespace

void* Allocate(size_t bytes) { return ::operator new(bytes, kAlignment); }
void Free(void* memory) { ::operator delete(memory, kAlignment); }
void CopyIn(const void* from, size_t bytes, void* to) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}
void CopyOut(const void* from, size_t bytes, void* to) { CopyIn(from, bytes, to); }

template <class Rule, class Weight, class State>
void Update(const Rule& rule, const DeviceGradient& gradient,
            std::span<const Elements<Weight, State>> tensors, Stream) {
  using Table = TensorTable<Elements<Weight, State>>;
  ForEachLaunch(tensors, ChunksOf<Weight, State>, [&](const Table& table, int32_t chunks) {
    ForEach(chunks, [&](int chunk) {
      ForEach(kThreads, [&](int thread) { UpdateChunk(rule, gradient, table, chunk, thread); });
    });
  });
}

template <class Rule>
void Update(const Rule& rule, const DeviceGradient& gradient, std::span<const QuantisedElements> tensors,
            const CodeTables* tables, Stream) {
  ForEachLaunch(tensors, QuantisedChunksOf, [&](const TensorTable<QuantisedElements>& table, int32_t chunks) {
    ForEach(chunks, [&](int chunk) {
      Threads threads;
      std::vector<QuantisedShared> shared(1);  // too large for a stack
      UpdateQuantisedChunk(rule, gradient, table, tables, chunk, shared.front(), threads);
    });
  });
}

OPTFLEET_DEVICE_UPDATES(float, float)
OPTFLEET_DEVICE_UPDATES(BFloat16, float)
OPTFLEET_DEVICE_UPDATES(BFloat16, BFloat16)
OPTFLEET_QUANTISED_DEVICE_UPDATES

}  // namespace optfleet::rules::cuda
