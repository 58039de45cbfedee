// Whether the programs that a worker starts are there and speak its version of the run directory.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace optfleet::worker {

// NOT_FOUND with a remedy if it is no program that can be executed. A name without `/` is looked up in $PATH.
Status CheckProgram(const std::string& program, const std::string& what, const std::string& option);

// Runs `TRAINER ... version --json` (some 0.5 s with LibTorch, at most 30 s) and compares `run_directory`.
// FAILED_PRECONDITION with one sentence.
Status CheckTrainerVersion(const std::vector<std::string>& trainer,
                           const std::vector<std::string>& environment);

}  // namespace optfleet::worker
