// What an optimizer's step makes beside weights, gradients and state. Pure.
#pragma once

#include <cstdint>

#include "spec/training_spec.h"

namespace optfleet::spec {

// Bytes that are alive together at the largest moment. Only matrix rules have one: they hold
// several copies of a matrix. Rules that go through elements or rows work in place.
int64_t UpdateTemporaries(const TrainingSpec& spec);

}  // namespace optfleet::spec
