// `opt-trainer schedule`: what a run will change from step to step, to look at before the run.
#pragma once

#include <string>

namespace optfleet::trainer {

// Writes, for every step, to standard output: the learning rate of the optimizer and of each part of it with
// a peak of its own, the factor that is common to all of them, and the bound of the gradient's norm, computed
// by the code that trains. CSV with a line of names, or a JSON array with an object per step. The steps of a
// run that ends by time are not known; it is shown at every thousandth of its time, `position`. Returns the
// process's exit code; mistakes of the file go to standard error, all at once and with their places.
int PrintSchedule(const std::string& config, bool json);

}  // namespace optfleet::trainer
