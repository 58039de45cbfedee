// One table of loops per instruction set.
#pragma once

#include "trainer_core/loss/row_loss.h"

namespace optfleet::loss {

struct RowTable {
  RowLoss (*fp32)(float*, int64_t, int64_t, const RowGradient*, float*);
  RowLoss (*bf16)(rules::BFloat16*, int64_t, int64_t, const RowGradient*, float*);
};

namespace baseline {
extern const RowTable kRows;
}
namespace avx2 {
extern const RowTable kRows;
}
namespace avx512 {
extern const RowTable kRows;
}

}  // namespace optfleet::loss
