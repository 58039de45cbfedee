// What the command line answers, held against text files in tests/optctl/golden. OPTFLEET_BLESS=1 writes them
// anew: look at the difference before it is committed.
#pragma once

#include <string>

namespace optfleet::commands {

// A test failure names the first line that differs.
void ExpectGolden(const std::string& name, const std::string& text);

}  // namespace optfleet::commands
