// Budgets and lengths: what they become, and what does not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/canonical.h"
#include "spec/fields.h"
#include "spec/parameters.h"
#include "tests/spec/resolving.h"
#include "tests/spec/schedules.h"

namespace optfleet::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum ScheduleKind;

std::vector<std::string> MessagesOf(const ScheduleSpec& schedule) { return Messages(RunOf(schedule, 100)); }

TrainingSpec Resolved(TrainingSpec spec) {
  EXPECT_THAT(Resolve(&spec), IsEmpty());
  return spec;
}

TEST(ResolveSchedule, LengthsBecomeSteps) {
  TrainingSpec spec = RunOf({.warmup = Percent(10), .decay = Tokens(5 * 2048 - 1)}, 100);
  spec.schedule.name = kWarmupStableDecay;
  spec.training.clip_warmup = Percent(3);
  const TrainingSpec resolved = Resolved(spec);
  EXPECT_EQ(resolved.schedule.warmup, Steps(10));
  EXPECT_EQ(resolved.schedule.horizon, Percent(100));  // so that a longer run only needs another budget
  EXPECT_EQ(resolved.schedule.decay, Steps(5));
  EXPECT_EQ(resolved.training.clip_warmup, Steps(3));
}

TEST(ResolveSchedule, HoweverALengthIsSaidTheRunIsTheSame) {
  const std::string hash = Hash(Resolved(RunOf({.warmup = Steps(10)}, 100)));
  EXPECT_EQ(Hash(Resolved(RunOf({.warmup = Percent(10)}, 100))), hash);
  EXPECT_EQ(Hash(Resolved(RunOf({.warmup = Tokens(20480), .horizon = Steps(100)}, 100))), hash);
  EXPECT_NE(Hash(Resolved(RunOf({.warmup = Steps(11)}, 100))), hash);

  const ScheduleSpec rest{.name = kStages, .stages = "linear 0 to 1 for 10% then constant 1 for rest"};
  const ScheduleSpec figures{.name = kStages, .stages = "linear 0 to 1 for 10 then constant 1 for 90"};
  EXPECT_EQ(Hash(Resolved(RunOf(rest, 100))), Hash(Resolved(RunOf(figures, 100))));
}

TEST(ResolveSchedule, AnOptionThatIsNotReadIsNotInTheHash) {
  const std::string hash = Hash(Resolved(RunOf({}, 100)));
  EXPECT_EQ(Hash(Resolved(RunOf({.start_ratio = 0.5, .cycle = Steps(7), .stages = "x"}, 100))), hash);
  EXPECT_EQ(CanonicalText(Resolved(RunOf({}, 100))).find("cycle"), std::string::npos);
}

TEST(ResolveBudget, FlopsBecomeStepsByTheSameFormulaAsThePlan) {
  TrainingSpec spec = Resolved(RunOf({}, 1));
  const double of_step = FlopsPerToken(spec.model, spec.data.sequence_length) * 2048;
  for (const auto& [flops, steps] : {std::pair<double, int64_t>{of_step * 7, 7},
                                     {of_step * 7 + 1, 8},
                                     {1, 1},
                                     {of_step * 123456, 123456}}) {
    spec = RunOf({.warmup = Percent(50)}, 0);
    spec.budget.flops = flops;
    ASSERT_THAT(Resolve(&spec), IsEmpty());
    EXPECT_EQ(spec.budget.steps, steps);
    EXPECT_EQ(spec.budget.tokens, steps * 2048);
    EXPECT_EQ(spec.budget.flops, 0);
  }
  EXPECT_EQ(spec.schedule.warmup, Steps(61728));
}

TEST(ResolveBudget, SecondsStayAndNeedShares) {
  TrainingSpec spec = RunOf({.warmup = Percent(10), .freeze = Steps(0)}, 0);
  spec.budget.seconds = 30;
  const TrainingSpec resolved = Resolved(spec);
  EXPECT_EQ(resolved.budget, (BudgetSpec{.seconds = 30}));
  EXPECT_EQ(resolved.schedule.warmup, Percent(10));
  spec.schedule.warmup = Steps(10);
  spec.training.clip_warmup = Tokens(2048);
  EXPECT_THAT(
      Messages(spec),
      ElementsAre("`schedule.warmup` 10 is no share of the run, whose steps are not known as it ends by "
                  "time",
                  "`training.clip_warmup` 2048 tokens is no share of the run, whose steps are not known "
                  "as it ends by time"));
}

TEST(ResolveBudget, OneEndOfTheRun) {
  TrainingSpec spec = RunOf({}, 10);
  spec.budget.seconds = 1.5;
  EXPECT_THAT(Messages(spec), ElementsAre("`budget.steps` 10 and `budget.seconds` 1.5 are both given"));
  spec.budget = {.flops = 1e18, .seconds = 60};
  EXPECT_THAT(Messages(spec), ElementsAre("`budget.flops` 1e+18 and `budget.seconds` 60 are both given"));
  spec.budget = {.flops = 1e36};
  EXPECT_THAT(Messages(spec), ElementsAre("`budget.steps` 1000000000000000 of 2048 tokens are more than "
                                          "1000000000000000 tokens"));
}

TEST(ResolveSchedule, LengthsThatDoNotFit) {
  EXPECT_THAT(MessagesOf({.warmup = Steps(101)}),
              ElementsAre("`schedule.warmup` 101 is more than the 100 steps of the budget"));
  EXPECT_THAT(
      MessagesOf({.warmup = Steps(60), .freeze = Percent(50)}),
      ElementsAre("`schedule.warmup` 60 and `schedule.freeze` 50 together are more than the 100 steps of the "
                  "budget"));
  EXPECT_THAT(MessagesOf({.warmup = Steps(60), .horizon = Steps(50)}),
              ElementsAre("`schedule.warmup` 60 is more than `schedule.horizon` 50"));
  EXPECT_THAT(
      MessagesOf({.name = kWarmupStableDecay, .warmup = Steps(60), .decay = Percent(50)}),
      ElementsAre(
          "`schedule.warmup` 60 and `schedule.decay` 50 together are more than `schedule.horizon` 100%"));
  EXPECT_THAT(MessagesOf({.rewarm_start = Steps(50), .rewarm_end = Steps(120)}),
              ElementsAre("`schedule.rewarm_end` 120 is more than the 100 steps of the budget"));
  TrainingSpec clip = RunOf({}, 100);
  clip.training.clip_warmup = Steps(101);
  EXPECT_THAT(Messages(clip),
              ElementsAre("`training.clip_warmup` 101 is more than the 100 steps of the budget"));
}

TEST(ResolveSchedule, WhatACurveNeeds) {
  EXPECT_THAT(
      MessagesOf({.name = kInverseSqrt}),
      ElementsAre("`schedule.warmup` is 0, but an inverse square root falls in units of the warm-up"));
  EXPECT_THAT(MessagesOf({.name = kOneCycle, .shape = DecayShape::kSqrt}),
              ElementsAre("`schedule.shape` of `one_cycle` is neither linear nor cosine"));
  EXPECT_THAT(MessagesOf({.name = kWarmupStableDecay, .final_ratio = 0, .shape = DecayShape::kExponential}),
              ElementsAre("`schedule.final_ratio` is 0, which an exponential decay never reaches"));
  EXPECT_THAT(MessagesOf({.name = kWarmRestarts, .cycle = Percent(0.1)}),
              ElementsAre("`schedule.cycle` is less than one step"));
  EXPECT_THAT(MessagesOf({.rewarm_start = Steps(20), .rewarm_end = Steps(20)}),
              ElementsAre("`schedule.rewarm_start` 20 is not before `schedule.rewarm_end` 20"));
  EXPECT_THAT(MessagesOf({.name = kStages}), ElementsAre("`schedule.stages`: no stage is given"));
  EXPECT_THAT(MessagesOf({.name = kStages, .stages = "constant 1 for 101"}),
              ElementsAre("`schedule.stages`: the stages take 101 steps of the 100 steps that there are"));
}

TEST(ResolveSchedule, StagesAreCheckedAlsoWithoutABudget) {
  EXPECT_THAT(Messages(RunOf({.name = kStages, .stages = "constant"}, 0)).size(), 2U);
}

}  // namespace
}  // namespace optfleet::spec
