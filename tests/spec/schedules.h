// Resolved specs with a schedule, for tests of schedules.
#pragma once

#include <gtest/gtest.h>

#include "spec/resolve.h"
#include "spec/schedule.h"

namespace optfleet::spec {

inline constexpr double kPeak = 0.5;

// A run of `steps` steps of 2048 tokens with the schedule; not resolved.
inline TrainingSpec RunOf(const ScheduleSpec& schedule, int64_t steps) {
  TrainingSpec spec;
  spec.data.path = "text.txt";
  spec.budget.steps = steps;
  spec.optimizer.learning_rate = kPeak;
  spec.schedule = schedule;
  return spec;
}

inline Schedule Compile(TrainingSpec spec) {
  for (const Problem& problem : Resolve(&spec)) ADD_FAILURE() << problem.message;
  return Schedule(spec);
}

inline Schedule Compile(const ScheduleSpec& schedule, int64_t steps) {
  return Compile(RunOf(schedule, steps));
}

inline double Rate(const Schedule& schedule, int64_t step) {
  return schedule.At(static_cast<double>(step)).learning_rate;
}

}  // namespace optfleet::spec
