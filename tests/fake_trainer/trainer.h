// One attempt of the fake trainer.
#pragma once

#include <string>

#include "common/result.h"

namespace optfleet::fake {

// Trains the run directory to its end. The value is the exit code; an error's sentence goes to standard
// error, the exit code is then 1 (3 for a job of an unknown version).
Result<int> RunAttempt(const std::string& folder, const std::string& behaviour_path);

}  // namespace optfleet::fake
