#include "trainer_core/loss/cpu/row_table.h"
#include "trainer_core/rules/update.h"

namespace optfleet::loss {
namespace {

const RowTable& InUse() {
  static const RowTable* const tables[] = {&baseline::kRows, &avx2::kRows, &avx512::kRows};
  return *tables[static_cast<int>(rules::VectorsInUse())];
}

}  // namespace

template <>
RowLoss LossOfRow(float* logits, int64_t width, int64_t target, const RowGradient* gradient, float* scratch) {
  return InUse().fp32(logits, width, target, gradient, scratch);
}

template <>
RowLoss LossOfRow(rules::BFloat16* logits, int64_t width, int64_t target, const RowGradient* gradient,
                  float* scratch) {
  return InUse().bf16(logits, width, target, gradient, scratch);
}

}  // namespace optfleet::loss
