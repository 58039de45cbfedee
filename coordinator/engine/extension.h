// What extends a sweep, in parts or at once. Parts are kept apart until the last one has come: the sweep goes
// on as it was, and of one that is abandoned nothing is left.
#pragma once

#include <string>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// So many jobs of what is abandoned go in one input.
inline constexpr int32_t kDropAtOnce = 1000;

Error SameHash(const std::string& hash);

// Whether the sweep can go on as the input says, whatever happens meanwhile: FAILED_PRECONDITION where one of
// them has stages that the other has not, or where stages that have begun are others; INVALID_ARGUMENT for
// another objective.
Status CheckFits(const domain::Sweep& row, const ExtendSweep& input);

// Of a sweep that is being extended.
Answer AddToExtension(State* state, AddPoints input);
Answer FinishExtension(State* state, const FinishSweep& input);
Answer AbandonExtension(State* state, const AbandonSweep& input);

}  // namespace optfleet::engine
