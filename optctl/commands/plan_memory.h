// The memory that each job of a plan will need, and which jobs a slot does not hold. Pure.
#pragma once

#include <vector>

#include "spec/memory.h"
#include "sweeps/expand.h"

namespace optfleet::commands {

// One for each job, in their order. Jobs that differ in what costs no memory (learning rate, seed, schedule)
// share one walk, so that large sweeps stay quick.
std::vector<spec::MemoryPrediction> PredictAll(const std::vector<sweeps::Job>& jobs,
                                               spec::MemoryDevice device);

// Numbers of the jobs whose predicted peak is above `slot_bytes`.
std::vector<int64_t> NotFitting(const std::vector<sweeps::Job>& jobs,
                                const std::vector<spec::MemoryPrediction>& memory, int64_t slot_bytes);

// "1, 2, 3, 7 and 30 more".
std::string NumbersText(const std::vector<int64_t>& numbers);

}  // namespace optfleet::commands
