// Files that hold what a test expects.
#pragma once

#include <string>

namespace optfleet::testing {

// The whole file; a test failure and "" if it cannot be read.
std::string ReadFileOrFail(const std::string& path);

// Whether OPTFLEET_BLESS=1 asks the tests to write what they see as what they expect. Look at the diff
// afterwards.
bool Blessing();

// Expects the file to hold `actual`; when blessing, writes it.
void ExpectFileHolds(const std::string& path, const std::string& actual);

}  // namespace optfleet::testing
