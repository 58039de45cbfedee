// Tests of kernels run on every instruction set that this processor has.
#pragma once

#include <vector>

#include "trainer_core/rules/update.h"

namespace optfleet::rules {

inline std::vector<Vectors> AvailableVectors() {
  std::vector<Vectors> available;
  for (const Vectors vectors : {Vectors::kBaseline, Vectors::kAvx2, Vectors::kAvx512}) {
    if (vectors <= BestVectors()) available.push_back(vectors);
  }
  return available;
}

// Leaves the choice of kernels as it was.
class KernelChoice {
 public:
  ~KernelChoice() { UseVectors(BestVectors()); }
};

}  // namespace optfleet::rules
