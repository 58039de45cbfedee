// A command on sweep files as one text, as in tests/sweeps/golden/*.case:
//   ==> file NAME      lines of a file follow       ==> set KEY=VALUE   an override
//   ==> env NAME=VALUE a variable                   ==> expected        the expansion or the diagnostics
//   follow
#pragma once

#include <string>
#include <string_view>

#include "sweeps/expand.h"

namespace optfleet::testing {

struct SweepCase {
  std::string head;  // everything up to the expectation
  sweeps::SweepInput input;
  bool is_complete = false;  // the line `==> expected` was there
  std::string unknown;       // a directive that is none
};

// Files lie in /sweeps, the command is given in /here.
SweepCase ReadSweepCase(std::string_view text);

}  // namespace optfleet::testing
