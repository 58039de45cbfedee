// What the machine offers to this process.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace optfleet::worker {

struct Machine {
  int cores = 1;             // that this process may run on
  int64_t memory_bytes = 0;  // of the machine, or of the control group if that is less
  std::string processor;     // model name
};

Result<Machine> ReadMachine();

}  // namespace optfleet::worker
