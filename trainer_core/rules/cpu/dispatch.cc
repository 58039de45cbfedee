#include <atomic>

#include "trainer_core/rules/cpu/kernel_table.h"

namespace optfleet::rules {
namespace {

const KernelTable& TableOf(Vectors vectors) {
#if defined(__x86_64__)
  if (vectors == Vectors::kAvx512) return avx512::kKernels;
  if (vectors == Vectors::kAvx2) return avx2::kKernels;
#endif
  return baseline::kKernels;
}

std::atomic<const KernelTable*>& InUse() {
  static std::atomic<const KernelTable*> table{&TableOf(BestVectors())};
  return table;
}

}  // namespace

Vectors BestVectors() {
#if defined(__x86_64__)
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (wide) return Vectors::kAvx512;
  if (__builtin_cpu_supports("avx2")) return Vectors::kAvx2;
#endif
  return Vectors::kBaseline;
}

void UseVectors(Vectors vectors) { InUse().store(&TableOf(vectors)); }

template <class Rule, class Weight, class State>
void Update(const Rule& rule, const GradientTransform& transform, const Elements<Weight, State>& elements) {
  std::get<Kernel<Rule, Weight, State>> (*InUse().load(std::memory_order_relaxed))(rule, transform, elements);
}

#define OPTFLEET_INSTANTIATE(Rule)                                                               \
  template void Update(const Rule&, const GradientTransform&, const Elements<float, float>&);    \
  template void Update(const Rule&, const GradientTransform&, const Elements<BFloat16, float>&); \
  template void Update(const Rule&, const GradientTransform&, const Elements<BFloat16, BFloat16>&);
OPTFLEET_INSTANTIATE(PlainSgd)
OPTFLEET_INSTANTIATE(MomentumSgd)
OPTFLEET_INSTANTIATE(Adam)
OPTFLEET_INSTANTIATE(Lion)
OPTFLEET_INSTANTIATE(AdEmaMix)
OPTFLEET_INSTANTIATE(ScheduleFreeSgd)
OPTFLEET_INSTANTIATE(ScheduleFreeAdamW)
OPTFLEET_INSTANTIATE(Sophia)
OPTFLEET_INSTANTIATE(SophiaCurvature)
#undef OPTFLEET_INSTANTIATE

}  // namespace optfleet::rules
