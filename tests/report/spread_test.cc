#include "optctl/report/spread.h"

#include <gtest/gtest.h>

#include <cmath>

namespace optfleet::report {
namespace {

Job ThreeBlocks() {
  Job job;
  job.series = {
      {.key = "loss", .steps = {1, 2}, .last = {3, 2}},
      {.key = "grad_norm/blocks.0", .steps = {1, 10, 20}, .last = {1e-8, 0.5, 0}, .time_us = {5, 6, 7}},
      {.key = "grad_norm/blocks.1", .steps = {1, 10, 20}, .last = {0.1, 1, 1}, .time_us = {5, 6, 7}},
      {.key = "grad_norm/blocks.2", .steps = {1, 10, 20}, .last = {10, 0.25, 1}, .time_us = {5, 6, 7}}};
  return job;
}

TEST(Spread, IsTheLargestOverTheSmallestOfEachStep) {
  Job job = ThreeBlocks();
  AddSpread(&job, /*keep_blocks=*/true);
  ASSERT_EQ(job.series.size(), 5u);
  const Series& spread = job.series.back();
  EXPECT_EQ(spread.key, "grad_norm_spread");
  EXPECT_EQ(spread.steps, (std::vector<int64_t>{1, 10, 20}));
  EXPECT_EQ(spread.time_us, (std::vector<int64_t>{5, 6, 7}));
  EXPECT_DOUBLE_EQ(spread.last[0], 1e9);
  EXPECT_DOUBLE_EQ(spread.last[1], 4);
  EXPECT_TRUE(std::isnan(spread.last[2]));
}

TEST(Spread, StandsForTheBlocksWhereTheyWouldBeTooMany) {
  Job job = ThreeBlocks();
  AddSpread(&job, /*keep_blocks=*/false);
  ASSERT_EQ(job.series.size(), 2u);
  EXPECT_EQ(job.series[0].key, "loss");
  EXPECT_EQ(job.series[1].key, "grad_norm_spread");
}

TEST(Spread, NeedsTwoBlocksOfTheSameSteps) {
  Job one = ThreeBlocks();
  one.series.resize(2);
  AddSpread(&one, true);
  EXPECT_EQ(one.series.size(), 2u);
  Job apart = ThreeBlocks();
  apart.series[2].steps = {1, 11, 20};
  AddSpread(&apart, true);
  EXPECT_EQ(apart.series.size(), 4u);
}

}  // namespace
}  // namespace optfleet::report
