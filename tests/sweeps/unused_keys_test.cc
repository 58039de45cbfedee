// Keys that nothing reads, and schedules as axes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sweeps/expand.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kEnough;
using testing::OneFile;
using ::testing::SizeIs;

std::string Mistakes(const std::string& text) {
  return ExpandSweep(OneFile(kEnough + text)).diagnostics.Render();
}

size_t JobsOf(const std::string& text) {
  const auto result = ExpandSweep(OneFile(kEnough + text));
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  return result.expansion ? result.expansion->jobs.size() : 0;
}

TEST(UnusedKeys, AreReportedWhereTheyStandWithWhoReadsThem) {
  EXPECT_EQ(
      Mistakes("optimizer:\n  name: adamw\n  momentum: 0.9\nschedule: {name: cosine, cycle: 10}\n"),
      "sweep.yaml:5:3: `optimizer.momentum` is read by none of the runs that it is given to\n"
      "    5 |   momentum: 0.9\n"
      "      |   ^~~~~~~~ remove it; it is read by `optimizer.name` sgd, ema_sgd and schedule_free_sgd\n"
      "sweep.yaml:6:26: `schedule.cycle` is read by none of the runs that it is given to\n"
      "    6 | schedule: {name: cosine, cycle: 10}\n"
      "      |                          ^~~~~ remove it; it is read by `schedule.name` warm_restarts\n");
}

TEST(UnusedKeys, OneReaderAmongTheRunsIsEnough) {
  EXPECT_EQ(JobsOf("optimizer.name: [sgd, adamw]\noptimizer.momentum: [0.8, 0.9]\n"), 3U);
  EXPECT_EQ(JobsOf("schedule.name: [constant, cosine, warm_restarts]\nschedule.cycle: [10, 20]\n"), 4U);
}

TEST(UnusedKeys, AKeyAboveTheBlocksNeedsAReaderInSomeBlock) {
  EXPECT_EQ(JobsOf("schedule.final_ratio: 0\nsweep:\n- schedule.name: constant\n- schedule.name: linear\n"),
            2U);
  const std::string text = Mistakes(
      "schedule.final_ratio: 0\nsweep:\n- schedule.name: constant\n- schedule.name: inverse_sqrt\n"
      "  schedule.warmup: 5\n");
  EXPECT_THAT(text, HasSubstr("sweep.yaml:3:1: `schedule.final_ratio` is read by none"));
}

TEST(UnusedKeys, AKeyOfABlockNeedsAReaderInThatBlock) {
  const std::string text = Mistakes("sweep:\n- {schedule.name: constant, schedule.final_ratio: 0}\n- {}\n");
  EXPECT_THAT(text, HasSubstr("sweep.yaml:4:29: `schedule.final_ratio` is read by none"));
}

// A file that several questions share may give what only some of them read.
TEST(UnusedKeys, ADefaultThatALaterFileReplacesIsNone) {
  SweepInput input = OneFile(kEnough + "optimizer.beta2: 0.95\n");
  input.files.push_back({"beta.yaml",
                         "sweep:\n- {optimizer.name: adamw, optimizer.beta2: [0.9, 0.99]}\n"
                         "- optimizer.name: sgd\n",
                         ""});
  EXPECT_TRUE(ExpandSweep(input).expansion);
  EXPECT_THAT(
      Mistakes("optimizer.beta2: 0.95\nsweep:\n- {optimizer.name: adamw, optimizer.beta2: [0.9, 0.99]}\n"
               "- optimizer.name: sgd\n"),
      HasSubstr("`optimizer.beta2` is read by none"))
      << "in one file it is a mistake";
}

TEST(UnusedKeys, OverridesToo) {
  SweepInput input = OneFile(kEnough + "schedule.name: constant\n");
  input.overrides = {"schedule.decay=10%"};
  EXPECT_THAT(ExpandSweep(input).diagnostics.Render(),
              HasSubstr("--set #1:1:1: `schedule.decay` is read by none"));
}

TEST(UnusedKeys, WaitUntilTheNamesAreRight) {
  const auto result = ExpandSweep(OneFile(kEnough + "schedule: {name: warm_restart, cycle: 10}\n"));
  EXPECT_THAT(result.diagnostics.Sorted(), SizeIs(1));
  EXPECT_THAT(result.diagnostics.Render(), HasSubstr("did you mean `warm_restarts`?"));
}

TEST(Schedules, LengthsAreAxesInEveryWriting) {
  const auto result = ExpandSweep(OneFile(kEnough + "schedule.warmup: [5, 10%, 20k tokens, 20480 tokens]\n"));
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  ASSERT_THAT(result.expansion->jobs, SizeIs(2));  // 10 % and both numbers of tokens are 10 steps
  EXPECT_THAT(result.expansion->jobs[0].values, ElementsAre("5"));
  EXPECT_THAT(result.expansion->jobs[1].values, ElementsAre("10%"));
  EXPECT_EQ(result.expansion->jobs[1].spec.schedule.warmup, spec::Steps(10));
}

TEST(Schedules, StagesAreAxesWithoutQuotes) {
  EXPECT_EQ(JobsOf("schedule.name: stages\nschedule.stages: [linear 0 to 1 for 10% then constant 1 for rest, "
                   "constant 1 for 50% then cosine 1 to 0 for rest]\n"),
            2U);
}

TEST(Schedules, MistakesStandAtTheirValues) {
  EXPECT_THAT(
      Mistakes("schedule.warmup: [10, 150%]\n"),
      HasSubstr("sweep.yaml:3:23: `schedule.warmup` must be a length: steps (500), tokens (2M tokens) or a "
                "share of the run (10%), found 150%"));
  EXPECT_THAT(Mistakes("schedule.warmup: 0.1\n"),
              HasSubstr("sweep.yaml:3:18: `schedule.warmup` must be a length"));
  EXPECT_THAT(
      Mistakes("schedule: {name: stages, stages: [constant 1 for rest, constant 1 for 99]}\n"),
      HasSubstr("sweep.yaml:3:56: 1 of the 2 points: `schedule.stages`: the stages take only 99 steps"));
  EXPECT_THAT(
      Mistakes("schedule:\n  name: warmup_stable_decay\n  warmup: 60%\n  decay: 50%\n"),
      HasSubstr("sweep.yaml:5:11: `schedule.warmup` 60 and `schedule.decay` 50 together are more than"));
}

}  // namespace
}  // namespace optfleet::sweeps
