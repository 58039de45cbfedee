// How many points a sweep may have, for fuzzers: a grid of a million points is allowed and takes its time.
#pragma once

#include <cstdint>

#include "sweeps/expand.h"

namespace optfleet::fuzz {

// At least the number of points of the sweep, with little work: lists multiply, those of blocks add up.
int64_t MostPointsOf(const sweeps::SweepInput& input);

}  // namespace optfleet::fuzz
