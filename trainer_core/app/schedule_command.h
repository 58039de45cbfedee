// `opt-trainer schedule`: what a run will change from step to step, to look at before the run.
#pragma once

#include <string>

namespace optfleet::trainer {

// Writes the scheduled values (spec::ScheduledValues) of every step to standard output, computed by the code
// that trains: as CSV with a line of names, or as a JSON array with an object per step. The steps of a run
// that ends by time are not known; it is shown at every thousandth of its time, `position`. Returns the
// process's exit code; mistakes of the file go to standard error, all at once and with their places.
int PrintSchedule(const std::string& config, bool json);

}  // namespace optfleet::trainer
