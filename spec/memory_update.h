// What an optimizer's step makes beside weights, gradients and state. Pure.
#pragma once

#include <cstdint>

#include "spec/memory.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

// Bytes that are alive together at the largest moment. Rules that go through elements work in place, on a CPU
// those of rows and columns, too. Matrix rules hold several copies of a matrix, and on a GPU every rule but
// those of elements holds a parameter, its states and its gradient once more, to put them back.
int64_t UpdateTemporaries(const TrainingSpec& spec, MemoryDevice device);

}  // namespace optfleet::spec
