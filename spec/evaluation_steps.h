// After which steps a run validates. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/training_spec.h"

namespace optfleet::spec {

// At most `count` steps in even ratios up to the last one: steps x 10^x for x from -2.1 to 0 in even
// distances, rounded down to a multiple of 100, or of 1 where that would be 0 (the optimizer study of arXiv
// 2407.07972 floors all to 100, and has no runs that are so short). Ascending; equal ones are one. count 1 is
// the last step.
std::vector<int64_t> LogSpacedSteps(int64_t count, int64_t steps);

// Whether a run validates after `step`. `is_last`: it is the run's last one, which always validates.
bool ValidatesAfter(const TrainingSpec& spec, int64_t step, bool is_last);

}  // namespace optfleet::spec
