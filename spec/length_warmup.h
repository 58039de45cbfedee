// Sequence-length warm-up: the same tokens in shorter sequences first. A step's sequences of T tokens are cut
// into T/L pieces of L that do not see each other, so order, position and tokens of a step are those of a run
// without warm-up. L starts at data.length_start and doubles until T; each of the shorter lengths lasts an
// equal part of the warm-up. (Seed of the idea: Li et al., "The Stability-Efficiency Dilemma", 2022, which
// grows the length and lets the tokens of a step grow with it.) Pure; usable from any thread.
#pragma once

#include <cstdint>

#include "spec/training_spec.h"

namespace optfleet::spec {

// Tokens of a sequence in the step at `position` (spec::PositionOf) of a resolved spec.
int64_t SequenceLengthAt(const TrainingSpec& spec, double position);

}  // namespace optfleet::spec
