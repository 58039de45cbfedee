// How far the gradient norms of a job's blocks lie apart: in a post-norm transformer without warm-up by many
// orders of magnitude, and then no one learning rate suits them all.
#pragma once

#include <string_view>

#include "optctl/report/data.h"

namespace optfleet::report {

inline constexpr std::string_view kBlockNorm = "grad_norm/blocks.";   // and the block's number
inline constexpr std::string_view kBlockSpread = "grad_norm_spread";  // largest over smallest of a step

// Adds the series of the spread where there are series of two blocks or more with the same steps; where one
// of the norms is not finite or the smallest is 0 the spread is NaN. Without `keep_blocks` those of single
// blocks go.
void AddSpread(Job* job, bool keep_blocks);

}  // namespace optfleet::report
