// A large sweep costs little: the bound is far above what is measured, and far below what comparing specs
// pairwise would take.
#include <gtest/gtest.h>

#include <ctime>

#include "sweeps/expand.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

#ifdef NDEBUG
constexpr int kSeeds = 1000;
#else
constexpr int kSeeds =
    50;  // without optimization and with sanitizers a point costs up to fifty times as much
#endif
constexpr int kRates = 100;
constexpr double kMostCpuSeconds = 1;  // 0.2 s measured in a release build
constexpr size_t kMostBytesOfAJob = 2048;

TEST(Size, ALargeGrid) {
  std::string text = testing::kEnough + "training.seed: [0";
  for (int i = 1; i < kSeeds; ++i) text += ", " + std::to_string(i);
  text += "]\noptimizer.learning_rate: [0.001";
  for (int i = 2; i <= kRates; ++i) text += ", " + std::to_string(i) + "e-3";
  text += "]\n";

  const std::clock_t begin = std::clock();
  const auto result = ExpandSweep(testing::OneFile(text));
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;

  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  EXPECT_EQ(result.expansion->jobs.size(), static_cast<size_t>(kSeeds) * kRates);
  EXPECT_LT(seconds, kMostCpuSeconds);
  RecordProperty("cpu_seconds", std::to_string(seconds));
}

TEST(Size, AJobIsSmall) {
  const auto result = ExpandSweep(testing::OneFile(testing::kEnough + "training.seed: [1, 2]\n"));
  ASSERT_TRUE(result.expansion);
  const Job& job = result.expansion->jobs.back();
  size_t bytes = sizeof(Job) + job.hash.capacity() + job.spec.data.path.capacity();
  for (const std::string& value : job.values) bytes += sizeof(value) + value.capacity();
  EXPECT_LT(bytes, kMostBytesOfAJob);
}

}  // namespace
}  // namespace optfleet::sweeps
