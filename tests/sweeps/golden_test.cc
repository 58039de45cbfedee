// Each tests/sweeps/golden/*.case (tests/sweeps/case.h) is a command and what it expands to.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/common/golden.h"
#include "tests/sweeps/case.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

TEST(Golden, EveryCaseExpandsAsWritten) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(OPTFLEET_SOURCE_DIR "/tests/sweeps/golden"))
    paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  ASSERT_GE(paths.size(), 5U);
  for (const std::string& path : paths) {
    const testing::SweepCase read = testing::ReadSweepCase(testing::ReadFileOrFail(path));
    EXPECT_TRUE(read.is_complete) << path << " has no line '==> expected'";
    EXPECT_EQ(read.unknown, "") << path;
    testing::ExpectFileHolds(path, read.head + testing::Render(ExpandSweep(read.input)));
  }
}

TEST(Golden, TheShippedQuickstartIsThirtyFourJobs) {
  SweepInput input;
  input.files.push_back({"sweeps/quickstart.yaml",
                         testing::ReadFileOrFail(OPTFLEET_SOURCE_DIR "/sweeps/quickstart.yaml"),
                         "/repository/sweeps"});
  const auto result = ExpandSweep(input);
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  EXPECT_EQ(result.expansion->jobs.size(), 34U);
  EXPECT_EQ(result.expansion->axes,
            (std::vector<std::string>{"model.width", "optimizer.name", "optimizer.learning_rate",
                                      "training.batch_size"}));
  for (const Job& job : result.expansion->jobs) {
    EXPECT_EQ(job.spec.budget.tokens, result.expansion->jobs.front().spec.budget.tokens);
    EXPECT_EQ(job.spec.data.path, "/repository/.deps/data/shakespeare.txt");
  }
}

}  // namespace
}  // namespace optfleet::sweeps
