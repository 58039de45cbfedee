// What a fuzzer begins with: a folder of inputs and, beside it, a file of words (libFuzzer's -dict).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace optfleet::fuzz {

// Makes the folder, too. Throws where that cannot be written.
void Write(const std::filesystem::path& path, const std::string& bytes);

// The text of a file of words; within a word bytes are written as \x0a.
std::string Words(const std::vector<std::string>& words);

}  // namespace optfleet::fuzz
