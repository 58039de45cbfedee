// Lists of job numbers for people. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace optfleet::commands {

// "1, 2, 3, 7 and 30 more".
std::string NumbersText(const std::vector<int64_t>& numbers);

}  // namespace optfleet::commands
