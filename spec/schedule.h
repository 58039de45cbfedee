// The learning rate as a pure function of the step, used by trainer, plan and reports alike. Usable from any
// thread.
#pragma once

#include <cstdint>

#include "spec/training_spec.h"

namespace optfleet::spec {

// At step s (from 1 to total_steps T) with W = warmup_steps and peak p:
//   s <= W and W > 0   p s/W                          (so p is reached exactly at W)
//   constant           p
//   cosine, s < T      p (r + (1-r) (1 + cos(pi (s-W)/(T-W))) / 2),  r = final_ratio
//   cosine, s >= T     p r
// With T = W a cosine never falls. W <= T has been checked by Resolve.
double LearningRate(const ScheduleSpec& schedule, double peak, int64_t step, int64_t total_steps);

}  // namespace optfleet::spec
