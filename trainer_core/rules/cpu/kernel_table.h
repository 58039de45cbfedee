// Which loops exist, and one table of them per instruction set.
#pragma once

#include <tuple>

#include "trainer_core/rules/update.h"

namespace optfleet::rules {

// Every rule over fp32; over bf16 weights with fp32 or bf16 states.
#define OPTFLEET_KERNELS_OF(X, Rule) \
  X(Rule, float, float), X(Rule, BFloat16, float), X(Rule, BFloat16, BFloat16)
#define OPTFLEET_ALL_KERNELS(X)                                                                        \
  OPTFLEET_KERNELS_OF(X, PlainSgd), OPTFLEET_KERNELS_OF(X, MomentumSgd), OPTFLEET_KERNELS_OF(X, Adam), \
      OPTFLEET_KERNELS_OF(X, Lion), OPTFLEET_KERNELS_OF(X, AdEmaMix),                                  \
      OPTFLEET_KERNELS_OF(X, ScheduleFreeSgd), OPTFLEET_KERNELS_OF(X, ScheduleFreeAdamW),              \
      OPTFLEET_KERNELS_OF(X, Sophia), OPTFLEET_KERNELS_OF(X, SophiaCurvature)

template <class Rule, class Weight, class State>
using Kernel = void (*)(const Rule&, const GradientTransform&, const Elements<Weight, State>&);

#define OPTFLEET_KERNEL_TYPE(Rule, Weight, State) Kernel<Rule, Weight, State>
using KernelTable = std::tuple<OPTFLEET_ALL_KERNELS(OPTFLEET_KERNEL_TYPE)>;
#undef OPTFLEET_KERNEL_TYPE

namespace baseline {
extern const KernelTable kKernels;
}
namespace avx2 {
extern const KernelTable kKernels;
}
namespace avx512 {
extern const KernelTable kKernels;
}

}  // namespace optfleet::rules
