// The parts of Resolve (spec/resolve.h) about a run's end and its lengths. For resolve.cc only.
#pragma once

#include <vector>

#include "spec/resolve.h"

namespace optfleet::spec {

// "`key` 12"
std::string Show(std::string_view key, const std::string& value);
std::string Show(std::string_view key, int64_t value);

// One of the four budgets is given: fills steps and tokens, which stay 0 for a budget of seconds and where
// they cannot be known. Needs the model and the batch filled.
void ResolveBudget(TrainingSpec* spec, std::vector<Problem>* problems);

// Turns the lengths that the run reads into steps, those of stages too, and checks that they fit into each
// other and into the run. After ResolveBudget; does nothing if that found no end of the run.
void ResolveSchedule(TrainingSpec* spec, std::vector<Problem>* problems);

}  // namespace optfleet::spec
