// Jobs that a sweep gets when it is created or extended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// New jobs of a sweep, numbered behind those it has; their definitions are appended to `added`. They are
// queued, or have ended where an outcome is taken over. Those that may not start yet wait in `waiting`.
void AddJobs(State* state, std::vector<Point> points, const std::string& sweep,
             std::vector<domain::JobDefinition>* added, WaitQueue* waiting = nullptr);

// Takes one that had taken an outcome over out of the totals of a sweep that is being dropped.
void DropReused(LiveSweep* sweep);

// "34 jobs", "34 jobs, 12 of them taken over".
std::string JobsText(int32_t jobs, int32_t reused);

}  // namespace optfleet::engine
