#include "spec/schedule.h"

#include <gtest/gtest.h>

namespace optfleet::spec {
namespace {

constexpr double kPeak = 0.5;

TEST(LearningRate, CosineAtItsCorners) {
  const ScheduleSpec schedule{ScheduleKind::kCosine, 10, 0.1};
  EXPECT_EQ(LearningRate(schedule, kPeak, 1, 110), kPeak / 10);
  EXPECT_EQ(LearningRate(schedule, kPeak, 9, 110), kPeak * 9 / 10);
  EXPECT_EQ(LearningRate(schedule, kPeak, 10, 110), kPeak);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, kPeak, 60, 110), kPeak * 0.55);  // half way down
  EXPECT_DOUBLE_EQ(LearningRate(schedule, kPeak, 110, 110), kPeak * 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, kPeak, 500, 110), kPeak * 0.1);
}

TEST(LearningRate, CosineOnlyFallsAfterTheWarmUp) {
  const ScheduleSpec schedule{ScheduleKind::kCosine, 5, 0};
  for (int64_t step = 6; step <= 50; ++step)
    EXPECT_LT(LearningRate(schedule, kPeak, step, 50), LearningRate(schedule, kPeak, step - 1, 50)) << step;
  EXPECT_EQ(LearningRate(schedule, kPeak, 50, 50), 0);
}

TEST(LearningRate, WithoutWarmUpTheFirstStepIsBelowThePeak) {
  const ScheduleSpec schedule{ScheduleKind::kCosine, 0, 0.1};
  EXPECT_LT(LearningRate(schedule, kPeak, 1, 10), kPeak);
  EXPECT_GT(LearningRate(schedule, kPeak, 1, 10), 0.95 * kPeak);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, kPeak, 5, 10), kPeak * 0.55);
}

TEST(LearningRate, ConstantWarmsUpAndStays) {
  const ScheduleSpec schedule{ScheduleKind::kConstant, 4, 0.1};
  EXPECT_EQ(LearningRate(schedule, kPeak, 1, 100), kPeak / 4);
  EXPECT_EQ(LearningRate(schedule, kPeak, 4, 100), kPeak);
  EXPECT_EQ(LearningRate(schedule, kPeak, 100, 100), kPeak);
  EXPECT_EQ(LearningRate({ScheduleKind::kConstant, 0, 0.1}, kPeak, 1, 100), kPeak);
}

TEST(LearningRate, AWarmUpAsLongAsTheRunEndsAtThePeak) {
  EXPECT_EQ(LearningRate({ScheduleKind::kCosine, 100, 0.1}, kPeak, 100, 100), kPeak);
}

}  // namespace
}  // namespace optfleet::spec
