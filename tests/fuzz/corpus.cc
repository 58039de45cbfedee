#include "tests/fuzz/corpus.h"

#include <fstream>
#include <stdexcept>

namespace optfleet::fuzz {

void Write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  if (!(file << bytes).flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string Words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += "\"" + word + "\"\n";
  return text;
}

}  // namespace optfleet::fuzz
