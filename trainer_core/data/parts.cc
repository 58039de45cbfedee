#include "trainer_core/data/parts.h"

#include <algorithm>
#include <cmath>

namespace optfleet::trainer {

int64_t TrainingShare(int64_t tokens, double validation_share) {
  const double kept = std::floor((1.0 - validation_share) * static_cast<double>(tokens));
  return std::min(tokens, static_cast<int64_t>(std::max(0.0, kept)));
}

}  // namespace optfleet::trainer
