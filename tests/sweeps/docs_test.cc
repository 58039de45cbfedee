// Every example in docs/sweeps.md is real: each ```yaml block expands.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/common/golden.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

std::vector<std::string> YamlBlocks(const std::string& page) {
  std::vector<std::string> blocks;
  std::istringstream lines(page);
  std::string line;
  bool inside = false;
  while (std::getline(lines, line)) {
    if (line == "```yaml") {
      blocks.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

TEST(SweepsPage, EveryExampleExpands) {
  const auto blocks = YamlBlocks(testing::ReadFileOrFail(OPTFLEET_SOURCE_DIR "/docs/sweeps.md"));
  EXPECT_GE(blocks.size(), 5U);
  for (const std::string& block : blocks) {
    // An example may leave out what a whole file needs; the page says so.
    SweepInput input{
        {{"enough.yaml", testing::kEnough, ""}, {"example.yaml", block, ""}}, {}, "", {{"DATA", "/data"}}};
    const auto result = ExpandSweep(input);
    EXPECT_TRUE(result.expansion) << block << result.diagnostics.Render();
  }
}

}  // namespace
}  // namespace optfleet::sweeps
