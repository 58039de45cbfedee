// Which runs take equally long for a step, and how unlike two runs are that do not. Pure; usable from any
// thread.
#pragma once

#include "spec/training_spec.h"

namespace optfleet::spec {

// The spec without what costs no time in a step: seeds, rates, schedule, budget, what is read and how often
// it validates or writes checkpoints. What counts only in being there (a dropout, a clip) is 1. Two runs on
// the same device whose shapes are equal do the same work in each step; a key that nobody thought of counts.
TrainingSpec StepShape(TrainingSpec spec);

// How far the time of a step of one shape tells about that of another beyond the work that both do
// (spec/step_work.h): 0 for equal ones, 1 or so for each doubling of an extent or each part of another kind.
double ShapeDistance(const TrainingSpec& a, const TrainingSpec& b);

}  // namespace optfleet::spec
