// opt-shim --dir DIR --shim-lock-fd N -- TRAINER ARGS...
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace optfleet::shim {

struct Options {
  std::string folder;                // absolute
  int shim_lock = -1;                // inherited descriptor that holds shim.lock
  std::vector<std::string> trainer;  // program and arguments
  bool version = false;              // print it and leave
};

// INVALID_ARGUMENT with one sentence.
Result<Options> ParseOptions(const std::vector<std::string>& arguments);

}  // namespace optfleet::shim
