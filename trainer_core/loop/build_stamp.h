// What this build and machine are, without a run; no Torch header needed.
#pragma once

#include "common/json.h"

namespace optfleet::trainer {

// The answer of `opt-trainer version --json`; a worker reads run_directory from it.
Json BuildStamp();

}  // namespace optfleet::trainer
