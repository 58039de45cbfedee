// Numbers of things, and of jobs, for people. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace optfleet::commands {

// "1 job", "1,200 jobs".
std::string CountText(int64_t count, std::string_view one, std::string_view many);

// "1, 2, 3, 7 and 30 more".
std::string NumbersText(const std::vector<int64_t>& numbers);

}  // namespace optfleet::commands
