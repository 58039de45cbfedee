// rules/cuda/update.h without a device: the bodies of the kernels, run for one thread after the other.
#include <new>
#include <vector>

#include "tests/trainer_core/rules/cuda_memory.h"
#include "trainer_core/rules/cuda/element_body.h"
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

#define OPTFLEET_ON_HOST(Rule)                                                                               \
  template void Update(const Rule&, const DeviceGradient&, std::span<const Elements<float, float>>, Stream); \
  template void Update(const Rule&, const DeviceGradient&, std::span<const Elements<BFloat16, float>>,       \
                       Stream);                                                                              \
  template void Update(const Rule&, const DeviceGradient&, std::span<const Elements<BFloat16, BFloat16>>,    \
                       Stream);
OPTFLEET_ON_HOST(PlainSgd)
OPTFLEET_ON_HOST(MomentumSgd)
OPTFLEET_ON_HOST(Adam)
OPTFLEET_ON_HOST(Lion)
OPTFLEET_ON_HOST(AdEmaMix)
OPTFLEET_ON_HOST(ScheduleFreeSgd)
OPTFLEET_ON_HOST(ScheduleFreeAdamW)
OPTFLEET_ON_HOST(Sophia)
OPTFLEET_ON_HOST(SophiaCurvature)
#undef OPTFLEET_ON_HOST
template void Update(const Adam&, const DeviceGradient&, std::span<const QuantisedElements>,
                     const CodeTables*, Stream);
template void Update(const Lion&, const DeviceGradient&, std::span<const QuantisedElements>,
                     const CodeTables*, Stream);

}  // namespace optfleet::rules::cuda
