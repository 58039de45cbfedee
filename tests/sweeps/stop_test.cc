// The header key `stop`, and the rules it makes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;

std::optional<StopPlan> PlanOf(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const auto result = Expanded(text, overrides);
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  return result.expansion ? result.expansion->stop : std::nullopt;
}

TEST(Stop, NothingStopsUnlessItIsSaid) { EXPECT_FALSE(PlanOf("name: x\n")); }

TEST(Stop, IsReadNestedDottedAndFromOverrides) {
  const auto median = PlanOf("stop: {median_after: 20%}\n");
  ASSERT_TRUE(median && median->median);
  EXPECT_EQ(*median->median, (StopPlan::Median{.after = {.share = 0.2, .steps = 0}, .least_jobs = 3}));
  EXPECT_FALSE(median->plateau || median->divergence);

  const auto plateau = PlanOf("stop.plateau: 300\nstop.plateau_by: 0.01\n");
  ASSERT_TRUE(plateau && plateau->plateau);
  EXPECT_EQ(*plateau->plateau,
            (StopPlan::Plateau{.patience = {.share = 0, .steps = 300}, .min_delta = 0.01}));

  const auto diverged = PlanOf("stop: {diverged_limit: 20}\n", {"stop.diverged_reports=2"});
  ASSERT_TRUE(diverged && diverged->divergence);
  EXPECT_EQ(diverged->divergence->limit, 20);
  EXPECT_TRUE(std::isinf(diverged->divergence->factor));
  EXPECT_EQ(diverged->divergence->patience, 2);
  EXPECT_EQ(PlanOf("stop: {median_after: 20%}\n", {"stop.median_jobs=5"})->median->least_jobs, 5);
}

TEST(Stop, MistakesSayWhatAndWhere) {
  const std::string all = MistakesOf(
      "stop:\n  median: 20%\n  plateau: 2M tokens\n  diverged_factor: 1\n  plateau_by: nan\n"
      "  diverged_limit: inf\n  median_jobs: [1, 2]\n");
  EXPECT_THAT(all, HasSubstr("sweep.yaml:2:3: `stop` has no key `median`"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:3:12: `plateau` must be a number of steps or a share of the run, as "
                             "10%, found 2M tokens"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:4:20: `diverged_factor` must be a number above 1, found 1"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:5:15: `plateau_by` must be a number from 0, found nan"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:6:19: `diverged_limit` must be a number, found inf"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:7:16: `median_jobs` must be one value"));
  EXPECT_THAT(MistakesOf("stop: 3\n"), HasSubstr("must be a map of keys"));
  EXPECT_THAT(MistakesOf("sweep:\n  - stop: {plateau: 10}\n"), HasSubstr("cannot stand in a block"));
}

TEST(Stop, AKeyWhoseRuleIsOffIsAMistake) {
  EXPECT_THAT(MistakesOf("stop.median_jobs: 3\n"),
              HasSubstr("sweep.yaml:1:1: `stop.median_jobs` does nothing without `stop.median_after`"));
  EXPECT_THAT(MistakesOf("stop: {plateau_by: 3}\n"), HasSubstr("does nothing without `stop.plateau`"));
  EXPECT_THAT(MistakesOf("", {"stop.diverged_reports=3"}),
              HasSubstr("does nothing without `stop.diverged_factor` or `stop.diverged_limit`"));
}

TEST(Stop, AShareNeedsSteps) {
  const auto mistakes = [](const std::string& stop) {
    return ExpandSweep(
               {{{"sweep.yaml", "data.path: text.txt\nbudget.seconds: 60\nstop: " + stop, ""}}, {}, "", {}})
        .diagnostics.Render();
  };
  const std::string all = mistakes("{median_after: 20%, plateau: 10%}\n");
  EXPECT_THAT(all,
              HasSubstr("sweep.yaml:3:8: `stop.median_after` as a share needs jobs that end after steps"));
  EXPECT_THAT(all, HasSubstr("`stop.plateau` as a share"));
  EXPECT_EQ(mistakes("{median_after: 20, plateau: 10, diverged_factor: 3}\n"), "");
}

TEST(Stop, IsNoPartOfAJobsIdentity) {
  const auto with = Expanded("stop: {plateau: 10%}\n");
  const auto without = Expanded("name: x\n");
  ASSERT_TRUE(with.expansion && without.expansion);
  EXPECT_EQ(with.expansion->jobs[0].hash, without.expansion->jobs[0].hash);
}

TEST(StopRules, AShareMeansTheStepsOfEachJob) {
  StopRules rules({.median = std::nullopt,
                   .plateau = StopPlan::Plateau{.patience = {.share = 0.1, .steps = 0}, .min_delta = 0},
                   .divergence = std::nullopt});
  for (const int32_t job : {1, 2}) EXPECT_FALSE(rules.Add({job, 10, 1.0}, job * 100));
  EXPECT_TRUE(rules.Add({1, 20, 1.0}, 100));
  EXPECT_FALSE(rules.Add({2, 20, 1.0}, 200));
  EXPECT_TRUE(rules.Add({2, 30, 1.0}, 200));
  EXPECT_FALSE(rules.Add({3, 10, 1.0}, 0) || rules.Add({3, 1000, 1.0}, 0)) << "of what nobody knows";
}

TEST(StopRules, TheMedianHearsOfJobsThatMayNotYetStop) {
  StopRules rules({.median = StopPlan::Median{.after = {.share = 0.5, .steps = 0}, .least_jobs = 1},
                   .plateau = std::nullopt,
                   .divergence = std::nullopt});
  EXPECT_FALSE(rules.Add({1, 10, 1.0}, 100));
  EXPECT_FALSE(rules.Add({1, 50, 1.0}, 100));
  EXPECT_FALSE(rules.Add({2, 10, 2.0}, 100));
  const auto verdict = rules.Add({2, 50, 2.0}, 100);
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->diverged);
  EXPECT_THAT(verdict->reason, HasSubstr("the median of the averages of 1 other"));
}

TEST(StopRules, DivergenceCountsBeforeTheOthers) {
  StopRules rules({.median = StopPlan::Median{.after = {.share = 0, .steps = 1}, .least_jobs = 1},
                   .plateau = std::nullopt,
                   .divergence = DivergencePlan{.factor = 2}});
  for (const int32_t job : {1, 2}) EXPECT_FALSE(rules.Add({job, 10, 1.0}, 100));
  for (const int32_t job : {1, 2}) EXPECT_FALSE(rules.Add({job, 20, 0.9}, 100));
  EXPECT_FALSE(rules.Add({1, 30, 0.1}, 100));
  const auto verdict = rules.Add({2, 30, 9.0}, 100);
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->diverged);
}

}  // namespace
}  // namespace optfleet::sweeps
