// What jobs are compared by, and what follows where more of it is better.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sweeps/search/stop_rules.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;
using ::testing::Optional;

TEST(Objective, IsAMetricAndADirection) {
  EXPECT_THAT(ParseObjective("val_loss"), Optional(Objective{"val_loss", false}));
  EXPECT_THAT(ParseObjective("val_loss minimize"), Optional(Objective{"val_loss", false}));
  EXPECT_THAT(ParseObjective("eval/accuracy  maximize"), Optional(Objective{"eval/accuracy", true}));
  for (const char* wrong : {"", "maximize ", "val_loss max", "Val_loss", "val_loss maximize minimize"})
    EXPECT_FALSE(ParseObjective(wrong)) << wrong;
  EXPECT_EQ(ToText({"eval/accuracy", true}), "eval/accuracy maximize");
  EXPECT_EQ(ToText({}), "val_loss");
}

TEST(Objective, IsReadFromTheFileAndFromOverrides) {
  EXPECT_EQ(Expanded("objective: tokens_per_second maximize\n").expansion->objective,
            (Objective{"tokens_per_second", true}));
  EXPECT_EQ(Expanded("name: x\n", {"objective=loss"}).expansion->objective, (Objective{"loss", false}));
  EXPECT_THAT(MistakesOf("objective: val_loss up\n"), HasSubstr("tokens_per_second maximize"));
}

TEST(Objective, TheMedianOfWhatIsMaximizedIsALowerBound) {
  StopRules rules({.median = StopPlan::Median{.after = {.share = 0, .steps = 1}, .least_jobs = 1}}, true);
  EXPECT_FALSE(rules.Add({1, 10, 0.5}, 100));
  EXPECT_FALSE(rules.Add({2, 10, 0.6}, 100));
  const auto verdict = rules.Add({3, 10, 0.4}, 100);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->reason,
            "its best value 0.4 at step 10 is below 0.55, the median of the averages of 2 other jobs up to "
            "there");
}

TEST(Objective, APlateauOfWhatIsMaximizedIsLeftUpwards) {
  StopRules rules({.plateau = StopPlan::Plateau{.patience = {.share = 0, .steps = 20}, .min_delta = 0.1}},
                  true);
  EXPECT_FALSE(rules.Add({1, 10, 0.5}, 100));
  EXPECT_FALSE(rules.Add({1, 20, 0.7}, 100));
  EXPECT_FALSE(rules.Add({1, 30, 0.4}, 100));
  const auto verdict = rules.Add({1, 40, 0.75}, 100);
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->reason, HasSubstr("is better by more than 0.1 than 0.7 at step 20"));
}

TEST(Objective, WhatIsMaximizedDivergesBelowALimit) {
  StopRules rules({.divergence = DivergencePlan{.limit = 0.2}}, true);
  EXPECT_FALSE(rules.Add({1, 10, 0.3}, 100));
  const auto verdict = rules.Add({1, 20, 0.1}, 100);
  ASSERT_TRUE(verdict && verdict->diverged);
  EXPECT_EQ(verdict->reason, "0.1 at step 20 is below the limit of 0.2");
  EXPECT_THAT(MistakesOf("objective: acc maximize\nstop.diverged_factor: 3\n"),
              HasSubstr("sweep.yaml:2:1: `stop.diverged_factor` needs an objective of which less is better"));
}

TEST(Objective, AStageStartsFromTheMost) {
  const std::string text =
      "objective: tokens_per_second maximize\n"
      "stages:\n  - {name: a, training.batch_size: [8, 16, 32]}\n  - {name: b, base: best(a)}\n";
  const auto first = ExpandSweep(testing::OneFile(testing::kEnough + text));
  ASSERT_TRUE(first.expansion) << first.diagnostics.Render();
  std::map<std::string, double> values;
  for (const Job& job : first.expansion->jobs)
    values[job.hash] = job.spec.training.batch_size == 16 ? 900.0 : 100.0;
  const StageStart start = ChooseStart(testing::OneFile(testing::kEnough + text),
                                       [&](const std::string& hash, const std::string& metric) {
                                         EXPECT_EQ(metric, "tokens_per_second");
                                         return std::optional(values.at(hash));
                                       });
  ASSERT_EQ(start.bases.size(), 1U);
  EXPECT_EQ(start.bases.front(), first.expansion->jobs[1].hash);
}

}  // namespace
}  // namespace optfleet::sweeps
