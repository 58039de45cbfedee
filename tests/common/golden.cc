#include "tests/common/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace optfleet::testing {

std::string ReadFileOrFail(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path << " cannot be read";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool Blessing() {
  const char* value = std::getenv("OPTFLEET_BLESS");
  return value != nullptr && std::string(value) == "1";
}

void ExpectFileHolds(const std::string& path, const std::string& actual) {
  if (Blessing()) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << actual;
    ASSERT_TRUE(file.flush().good()) << path << " cannot be written";
    return;
  }
  EXPECT_EQ(ReadFileOrFail(path), actual) << path << " differs; OPTFLEET_BLESS=1 rewrites it";
}

}  // namespace optfleet::testing
