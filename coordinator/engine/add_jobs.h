// Jobs that a sweep gets when it is created or extended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/engine/state.h"

namespace optfleet::engine {

// Where new jobs go: what is of the sweep, or, while they may not start yet, what is kept apart.
struct JobsPlace {
  LiveSweep* sweep;
  int32_t last_number;  // they are numbered behind it
  FreshJobs* fresh;
  WaitQueue* queue;
  ReusedJobs* reused;  // for CountReused
};

// New jobs of a sweep; their definitions are appended to `added`. They are queued, or have ended where an
// outcome is taken over.
void AddJobs(State* state, std::vector<Point> points, const JobsPlace& place,
             std::vector<domain::JobDefinition>* added);

// "34 jobs", "34 jobs, 12 of them taken over".
std::string JobsText(int32_t jobs, int32_t reused);

}  // namespace optfleet::engine
