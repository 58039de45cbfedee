// Averages of weights (the spec's `averaging`): which steps enter, and how much. Pure.
//
//   average <- average + share x (weights - average)
//
// exponential  share 1 - decay (the first sample 1). EMA; "EWA 0.95 every 10" is decay 0.95, every_steps 10
// window       share 1 / samples so far: the plain mean (SWA, arXiv 1803.05407). A window of window_steps
// begins
//              anew behind its last step; until its first sample the mean of the one before stays
// tail         the plain mean of the weights after `samples` steps that end equal parts of the last `share`
// of
//              the run: 4 samples of 0.2 of 100 steps are those of steps 85, 90, 95 and 100. The same as a
//              mean of checkpoints of these steps
#pragma once

#include <cstdint>
#include <vector>

#include "spec/training_spec.h"

namespace optfleet::spec {

// Whether the weights after a step (counted from 1) enter the average. The spec is resolved.
bool IsSampled(const TrainingSpec& spec, int64_t step);

// Of a step that is sampled. `samples`: of the mean so far; *samples becomes what it holds with this one.
double ShareOfSample(const AveragingSpec& averaging, int64_t step, int64_t* samples);

// Steps of `tail`, ascending; less than averaging.samples where the share has fewer steps.
std::vector<int64_t> TailSteps(const TrainingSpec& spec);

}  // namespace optfleet::spec
