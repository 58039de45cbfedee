// Budgets that stay open until something else is known: epochs until the data is, device hours until the
// devices are.
#include "spec/epochs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/canonical.h"
#include "tests/spec/resolving.h"

namespace optfleet::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Batches of 16 sequences of 128.
TrainingSpec ByEpochs(double epochs) {
  TrainingSpec spec = Small();
  spec.budget = {.epochs = epochs};
  return spec;
}

std::vector<std::string> MessagesWith(int64_t sequences, TrainingSpec spec) {
  EXPECT_THAT(Resolve(&spec), IsEmpty());
  std::vector<std::string> messages;
  for (const Problem& problem : ResolveEpochs(sequences, &spec)) messages.push_back(problem.message);
  return messages;
}

TEST(Epochs, StepsAreRoundedUp) {
  EXPECT_EQ(StepsOfEpochs(1, 160, 16), 10);
  EXPECT_EQ(StepsOfEpochs(1, 161, 16), 11);
  EXPECT_EQ(StepsOfEpochs(2, 161, 16), 21);
  EXPECT_EQ(StepsOfEpochs(0.5, 161, 16), 6);
  EXPECT_EQ(StepsOfEpochs(0.1, 30, 1), 3) << "not 4 by a rounding";
  EXPECT_EQ(StepsOfEpochs(0.001, 30, 16), 1);
}

TEST(Epochs, SharesWaitAndTheRestIsResolved) {
  TrainingSpec spec = ByEpochs(2);
  spec.schedule.name = ScheduleKind::kWarmupStableDecay;
  spec.schedule.warmup = Tokens(5 * 2048 - 1);
  spec.schedule.decay = Percent(20);
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.budget, (BudgetSpec{.epochs = 2}));
  EXPECT_EQ(spec.schedule.warmup, Steps(5));
  EXPECT_EQ(spec.schedule.decay, Percent(20));
  const TrainingSpec once = spec;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec, once);
}

TEST(Epochs, WithTheDataItIsTheRunOfSoManySteps) {
  for (const auto& schedule :
       {ScheduleSpec{.name = ScheduleKind::kWarmupStableDecay, .warmup = Percent(10), .decay = Percent(25)},
        ScheduleSpec{.name = ScheduleKind::kStages,
        .stages = "linear 0 to 1 for 3 then constant 1 for 50% then "
                  "cosine 1 to 0.1 for rest"},
        ScheduleSpec{.freeze = Percent(5), .rewarm_start = Steps(3), .rewarm_end = Percent(50)}}) {
    TrainingSpec spec = ByEpochs(1.5);
    spec.schedule = schedule;
    spec.evaluation.every_steps = 1000;
    ASSERT_THAT(Resolve(&spec), IsEmpty());
    ASSERT_THAT(ResolveEpochs(160, &spec), IsEmpty());
    TrainingSpec in_steps = Small();
    in_steps.budget = {.steps = 15};
    in_steps.schedule = schedule;
    ASSERT_THAT(Resolve(&in_steps), IsEmpty());
    EXPECT_EQ(spec, in_steps);
  }
}

TEST(Epochs, AnotherBudgetStaysAsItIs) {
  TrainingSpec spec = Small();
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  const TrainingSpec before = spec;
  EXPECT_THAT(ResolveEpochs(160, &spec), IsEmpty());
  EXPECT_EQ(spec, before);
}

TEST(Epochs, WhatDoesNotFitIsSaidAsSoonAsItIsKnown) {
  TrainingSpec spec = ByEpochs(1);
  spec.schedule.name = ScheduleKind::kWarmupStableDecay;
  spec.schedule.warmup = Percent(60);
  spec.schedule.decay = Percent(50);
  EXPECT_THAT(Messages(spec),
              ElementsAre("`schedule.warmup` 60% and `schedule.decay` 50% together are more than "
                          "`schedule.horizon` 100%"));
  spec.schedule.warmup = Steps(500);
  EXPECT_THAT(MessagesWith(160, spec),
              ElementsAre("`schedule.warmup` 500 is more than the 10 steps of the budget"));
  EXPECT_THAT(MessagesWith(160000, spec), IsEmpty());
}

TEST(Epochs, AreNoPassesOverWindowsThatBeginAnywhere) {
  TrainingSpec spec = ByEpochs(1);
  spec.data.order = DataOrder::kRandomWindows;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("`data.order` random_windows makes none")));
  spec.data.order = DataOrder::kSequential;
  EXPECT_THAT(Messages(spec), IsEmpty());
}

TEST(Epochs, StandAlone) {
  TrainingSpec spec = ByEpochs(2);
  spec.budget.steps = 100;
  EXPECT_THAT(Messages(spec), ElementsAre("`budget.steps` 100 and `budget.epochs` 2 are both given"));
  spec.budget = {.seconds = 5, .device_hours = 1};
  EXPECT_THAT(Messages(spec), ElementsAre("`budget.seconds` 5 and `budget.device_hours` 1 are both given"));
}

TEST(DeviceHours, AreSecondsOfAllDevices) {
  TrainingSpec spec = Small();
  spec.budget = {.device_hours = 0.5};
  TrainingSpec shared = spec;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.budget, (BudgetSpec{.seconds = 1800}));
  ASSERT_THAT(Resolve(&shared, 4), IsEmpty());
  EXPECT_EQ(shared.budget, (BudgetSpec{.seconds = 450}));
  ASSERT_THAT(Resolve(&shared, 4), IsEmpty());
  EXPECT_EQ(shared.budget.seconds, 450) << "a second time";
}

TEST(DeviceHours, MayBeWrittenAsATime) {
  const Field& field = *FindField("budget.device_hours");
  EXPECT_EQ(ParseValue(field, "0.5", false), Value(0.5));
  EXPECT_EQ(ParseValue(field, "30min", false), Value(0.5));
  EXPECT_EQ(ParseValue(field, "2 days", false), Value(48.0));
  EXPECT_FALSE(ParseValue(field, "30 tokens", false).has_value());
}

TEST(DataSeed, OneThatIsTheSeedOfTheRunSaysNothing) {
  TrainingSpec spec = Small();
  spec.training.seed = 3;
  EXPECT_EQ(spec.order_seed(), 3);
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  const std::string hash = Hash(spec);
  spec.data.seed = 3;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(Hash(spec), hash);
  spec.data.seed = 4;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_NE(Hash(spec), hash);
  EXPECT_EQ(spec.order_seed(), 4);
  spec.data.order = DataOrder::kSequential;  // draws nothing
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.data.seed, std::nullopt);
}

}  // namespace
}  // namespace optfleet::spec
