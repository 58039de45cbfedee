#include <atomic>

#include "trainer_core/rules/cpu/factored_table.h"
#include "trainer_core/rules/cpu/kernel_table.h"
#include "trainer_core/rules/cpu/quantised_table.h"

namespace optfleet::rules {
namespace {

struct Tables {
  const KernelTable* kernels;
  const FactoredTable* factored;
  const QuantisedTable* quantised;
};

constexpr Tables kTables[] = {{&baseline::kKernels, &baseline::kFactored, &baseline::kQuantised},
                              {&avx2::kKernels, &avx2::kFactored, &avx2::kQuantised},
                              {&avx512::kKernels, &avx512::kFactored, &avx512::kQuantised}};

std::atomic<const Tables*>& Chosen() {
  static std::atomic<const Tables*> tables{&kTables[static_cast<int>(BestVectors())]};
  return tables;
}

const Tables& InUse() { return *Chosen().load(std::memory_order_relaxed); }

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

Vectors VectorsInUse() { return static_cast<Vectors>(&InUse() - kTables); }

void UseVectors(Vectors vectors) { Chosen().store(&kTables[static_cast<int>(vectors)]); }

template <class Rule, class Weight, class State>
void Update(const Rule& rule, const GradientTransform& transform, const Elements<Weight, State>& elements) {
  std::get<Kernel<Rule, Weight, State>> (*InUse().kernels)(rule, transform, elements);
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

void SumSquaresOfRows(const float* gradient, Matrix shape, const GradientTransform& transform,
                      double* row_sums) {
  InUse().factored->sum_squares_of_rows(gradient, shape, transform, row_sums);
}

void AddSquaresOfColumns(const float* gradient, Matrix shape, const GradientTransform& transform,
                         double* column_sums) {
  InUse().factored->add_squares_of_columns(gradient, shape, transform, column_sums);
}

void Update(const FactoredMomentum& rule, const GradientTransform& transform, Matrix shape, const float* row,
            const float* column, float* weight, const float* gradient, float* momentum) {
  InUse().factored->update_momentum(rule, transform, shape, row, column, weight, gradient, momentum);
}

double SumSquaresOfUpdate(const GradientTransform& transform, Matrix shape, const float* row,
                          const float* column, const float* gradient) {
  return InUse().factored->sum_squares_of_update(transform, shape, row, column, gradient);
}

void ApplyUpdate(float step, float shrink, const GradientTransform& transform, Matrix shape, const float* row,
                 const float* column, float* weight, const float* gradient) {
  InUse().factored->apply_update(step, shrink, transform, shape, row, column, weight, gradient);
}

double SumSquares(const float* x, int64_t count) { return InUse().factored->sum_squares(x, count); }

void Update(const Adam& rule, const GradientTransform& transform, const QuantisedElements& elements) {
  InUse().quantised->update_adam(rule, transform, elements, SignedCodes(), UnsignedCodes());
}

void Update(const Lion& rule, const GradientTransform& transform, const QuantisedElements& elements) {
  InUse().quantised->update_lion(rule, transform, elements, SignedCodes());
}

}  // namespace optfleet::rules
