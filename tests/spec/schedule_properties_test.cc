// What holds for every schedule, and schedules of runs that end by time.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/spec/schedules.h"

namespace optfleet::spec {
namespace {

struct Case {
  const char* name;
  ScheduleSpec schedule;
  bool jumps = false;  // restarts, or a freeze that ends above 0
};

// Lengths as shares, so that the same schedules fit steps and time.
std::vector<Case> EverySchedule() {
  using enum ScheduleKind;
  std::vector<Case> cases = {
      {"constant", {.name = kConstant, .warmup = Percent(10)}},
      {"cosine", {.warmup = Percent(10), .start_ratio = 0.1}},
      {"cosine_tail", {.warmup = Percent(10), .final_ratio = 0, .horizon = Percent(80)}},
      {"linear", {.name = kLinear, .final_ratio = 0}},
      {"inverse_sqrt", {.name = kInverseSqrt, .warmup = Percent(10)}},
      {"max_cosine_inverse_sqrt", {.name = kMaxCosineInverseSqrt, .warmup = Percent(5), .final_ratio = 0}},
      {"one_cycle_linear", {.name = kOneCycle, .warmup = Percent(30), .start_ratio = 0.04}},
      {"one_cycle_cosine", {.name = kOneCycle, .warmup = Percent(30), .shape = DecayShape::kCosine}},
      {"one_cycle_without_rise", {.name = kOneCycle}},
      {"restarts", {.name = kWarmRestarts, .warmup = Percent(5), .cycle_factor = 2}, true},
      {"stages",
       {.name = kStages,
        .stages = "sqrt 0 to 1 for 10% then constant 1 for 40% then linear 1 to 0 for rest"}},
      {"frozen", {.warmup = Percent(10), .freeze = Percent(10)}},
      {"frozen_jump", {.name = kLinear, .freeze = Percent(10)}, true},
      {"second_warmup", {.warmup = Percent(10), .rewarm_start = Percent(30), .rewarm_end = Percent(50)}},
  };
  for (int shape = 0; shape < 6; ++shape)
    cases.push_back({"warmup_stable_decay",
                     {.name = kWarmupStableDecay,
                      .warmup = Percent(10),
                      .shape = static_cast<DecayShape>(shape),
                      .decay = Percent(40)}});
  return cases;
}

// The steepest are the square roots at their begin: the first of 400 steps goes down by 1/20.
constexpr int64_t kSteps = 1000;
constexpr double kMostChange = 0.12;

TEST(EverySchedule, StaysBetweenZeroAndThePeakAndDoesNotJump) {
  for (const Case& tried : EverySchedule()) {
    SCOPED_TRACE(tried.name);
    const Schedule schedule = Compile(tried.schedule, kSteps);
    double highest = 0;
    for (int64_t step = 1; step <= kSteps + 10; ++step) {
      const double factor = schedule.Factor(static_cast<double>(step));
      ASSERT_GE(factor, 0) << step;
      ASSERT_LE(factor, 1) << step;
      highest = std::max(highest, factor);
      if (step > 1 && !tried.jumps) {
        ASSERT_LT(std::abs(factor - schedule.Factor(static_cast<double>(step - 1))), kMostChange) << step;
      }
    }
    EXPECT_GT(highest, tried.schedule.rewarm_end.amount > 0 ? 0.5 : 0.99);
  }
}

// Between neighbouring positions of a run that ends by time there is no jump however near they are: the parts
// meet. The roots are given room at their begin.
TEST(EverySchedule, ByTimeItsPartsMeet) {
  for (const Case& tried : EverySchedule()) {
    SCOPED_TRACE(tried.name);
    TrainingSpec spec = RunOf(tried.schedule, 0);
    spec.budget.seconds = 60;
    const Schedule schedule = Compile(spec);
    const double step = 1.0 / 65536;
    for (double position = 0; position + step <= 1 && !tried.jumps; position += step) {
      const double change = schedule.Factor(position + step) - schedule.Factor(position);
      ASSERT_LT(std::abs(change), 0.02) << position;
    }
  }
}

// The share of the time says what the share of the steps says, within the step that a run by time does not
// know the length of.
TEST(EverySchedule, ByTimeItIsTheSameCurve) {
  for (const Case& tried : EverySchedule()) {
    SCOPED_TRACE(tried.name);
    TrainingSpec timed = RunOf(tried.schedule, 0);
    timed.budget.seconds = 60;
    const Schedule by_time = Compile(timed);
    const Schedule by_steps = Compile(tried.schedule, 1'000'000);
    for (int64_t percent = 1; percent < 100; percent += 3)
      EXPECT_NEAR(by_time.Factor(static_cast<double>(percent) / 100),
                  by_steps.Factor(static_cast<double>(percent) * 10'000), 2e-5)
          << percent;
  }
}

TEST(EverySchedule, SurvivesTheCanonicalText) {
  for (const Case& tried : EverySchedule()) {
    TrainingSpec once = RunOf(tried.schedule, kSteps);
    ASSERT_TRUE(Resolve(&once).empty()) << tried.name;
    TrainingSpec twice = once;
    ASSERT_TRUE(Resolve(&twice).empty()) << tried.name;
    EXPECT_EQ(once, twice) << tried.name;
    for (const Length& length : {once.schedule.warmup, once.schedule.freeze, once.schedule.rewarm_end})
      EXPECT_EQ(length.unit, LengthUnit::kSteps) << tried.name;
  }
}

TEST(Position, IsTheStepOrTheShareOfTheTimeBeforeIt) {
  const BudgetSpec steps{.steps = 10};
  EXPECT_EQ(PositionOf(steps, 1, 0), 1);
  EXPECT_EQ(PositionOf(steps, 7, 99), 7);
  EXPECT_FALSE(IsOver(steps, 9, 99));
  EXPECT_TRUE(IsOver(steps, 10, 0));

  const BudgetSpec seconds{.seconds = 60};
  EXPECT_EQ(PositionOf(seconds, 1, 0), 0);
  EXPECT_EQ(PositionOf(seconds, 100, 15), 0.25);
  EXPECT_EQ(PositionOf(seconds, 200, 61), 1);
  EXPECT_FALSE(IsOver(seconds, 1000, 59.9));
  EXPECT_TRUE(IsOver(seconds, 1, 60));
}

}  // namespace
}  // namespace optfleet::spec
