// What a fuzzer holds against the code under test: a false condition stops the process with a sentence, and
// libFuzzer keeps the input.
#pragma once

#include <string>

namespace optfleet::fuzz {

void Check(bool holds, const std::string& sentence);

}  // namespace optfleet::fuzz
