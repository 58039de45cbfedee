// Workers on which attempts keep failing: left alone for a while, as long as another can take their place.
#pragma once

#include <string>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// An attempt has just ended there.
void NoteEndOnWorker(State* state, const LiveAttempt& attempt);

// The time of an exclusion is over.
void ExclusionEnded(State* state, const std::string& worker);

// A person says that it is well again.
void ForgiveWorker(State* state, LiveWorker* worker);

}  // namespace optfleet::engine
