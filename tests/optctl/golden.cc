#include "tests/optctl/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace optfleet::commands {

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(OPTFLEET_SOURCE_DIR) + "/tests/optctl/golden/" + name + ".txt";
  const char* bless = std::getenv("OPTFLEET_BLESS");
  if (bless != nullptr && std::string(bless) == "1") {
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << path << " is missing; OPTFLEET_BLESS=1 writes it";
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str()) << "differs from " << path << "; OPTFLEET_BLESS=1 accepts it";
}

}  // namespace optfleet::commands
