// Each schedule at its corner steps and against its formula on every step, written out once more here.
#include "spec/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "spec/resolve.h"
#include "tests/spec/schedules.h"

namespace optfleet::spec {
namespace {

constexpr int64_t kSteps = 200;
constexpr int64_t kWarmup = 20;

double Cosine(double x) { return (1 + std::cos(std::numbers::pi * x)) / 2; }
double Falling(double final_ratio, double remaining) { return final_ratio + (1 - final_ratio) * remaining; }
double Share(int64_t step, int64_t begin, int64_t end) {
  return static_cast<double>(step - begin) / static_cast<double>(end - begin);
}

// On all steps of a run of kSteps; the tolerance is some roundings.
void ExpectFactors(const ScheduleSpec& spec, const std::function<double(int64_t step)>& formula) {
  const Schedule schedule = Compile(spec, kSteps);
  for (int64_t step = 1; step <= kSteps + 20; ++step)
    ASSERT_NEAR(Rate(schedule, step), kPeak * formula(step), 1e-15) << "step " << step;
}

TEST(Schedule, AMixtureGrowsInStepsAndInSharesOfTime) {
  TrainingSpec spec;
  spec.data.path = "text.txt";
  spec.optimizer.name = OptimizerKind::kAdEmaMix;
  spec.optimizer.mixture_warmup = Percent(50);
  spec.budget.steps = 8;
  ASSERT_TRUE(Resolve(&spec).empty());
  EXPECT_EQ(Schedule(spec).At(1).mixture_share, 0.25);
  EXPECT_EQ(Schedule(spec).At(4).mixture_share, 1);
  EXPECT_EQ(Schedule(spec).At(8).mixture_share, 1);
  spec.optimizer.mixture_warmup = Percent(50);
  spec.budget = {.seconds = 60};
  ASSERT_TRUE(Resolve(&spec).empty());
  EXPECT_EQ(Schedule(spec).At(0.25).mixture_share, 0.5);
  EXPECT_EQ(Schedule(spec).At(0.75).mixture_share, 1);
}

TEST(Schedule, CosineAtItsCorners) {
  const Schedule schedule = Compile({.warmup = Steps(10)}, 110);
  EXPECT_EQ(Rate(schedule, 1), kPeak / 10);
  EXPECT_EQ(Rate(schedule, 9), kPeak * 9 / 10);
  EXPECT_EQ(Rate(schedule, 10), kPeak);
  EXPECT_DOUBLE_EQ(Rate(schedule, 60), kPeak * 0.55);  // half way down
  EXPECT_GT(Rate(schedule, 109), kPeak * 0.1);
  EXPECT_EQ(Rate(schedule, 110), kPeak * 0.1);
  EXPECT_EQ(Rate(schedule, 500), kPeak * 0.1);
}

TEST(Schedule, WithoutWarmUpTheFirstStepIsBelowThePeak) {
  const Schedule schedule = Compile(ScheduleSpec{}, 10);
  EXPECT_LT(Rate(schedule, 1), kPeak);
  EXPECT_GT(Rate(schedule, 1), 0.95 * kPeak);
  EXPECT_DOUBLE_EQ(Rate(schedule, 5), kPeak * 0.55);
}

TEST(Schedule, AWarmUpAsLongAsTheRunEndsAtThePeak) {
  EXPECT_EQ(Rate(Compile({.warmup = Steps(100)}, 100), 100), kPeak);
}

TEST(Schedule, ConstantWarmsUpAndStays) {
  const Schedule schedule = Compile({.name = ScheduleKind::kConstant, .warmup = Steps(4)}, 100);
  EXPECT_EQ(Rate(schedule, 1), kPeak / 4);
  EXPECT_EQ(Rate(schedule, 4), kPeak);
  EXPECT_EQ(Rate(schedule, 100), kPeak);
  EXPECT_EQ(Rate(Compile({.name = ScheduleKind::kConstant}, 100), 1), kPeak);
}

TEST(Schedule, AHorizonBeforeTheEndLeavesAConstantTail) {
  // 2000 steps up, down to a tenth at 90,000, on to 100,000: a published run of 580M parameters.
  const Schedule schedule = Compile({.warmup = Steps(2000), .horizon = Steps(90'000)}, 100'000);
  EXPECT_EQ(Rate(schedule, 2000), kPeak);
  EXPECT_DOUBLE_EQ(Rate(schedule, 46'000), kPeak * 0.55);
  EXPECT_GT(Rate(schedule, 89'999), kPeak * 0.1);
  for (const int64_t step : {90'000, 90'001, 100'000}) EXPECT_EQ(Rate(schedule, step), kPeak * 0.1) << step;
}

TEST(Schedule, AHorizonBehindTheEndIsBrokenOff) {
  EXPECT_DOUBLE_EQ(Rate(Compile({.horizon = Steps(200)}, 100), 100), kPeak * 0.55);
}

TEST(Schedule, CosineAndLinearFollowTheirFormulas) {
  ExpectFactors({.warmup = Steps(kWarmup), .start_ratio = 0.1, .final_ratio = 0.2}, [](int64_t s) {
    if (s < kWarmup) return 0.1 + 0.9 * static_cast<double>(s) / kWarmup;
    return s >= kSteps ? 0.2 : Falling(0.2, Cosine(Share(s, kWarmup, kSteps)));
  });
  ExpectFactors({.name = ScheduleKind::kLinear, .warmup = Steps(kWarmup), .final_ratio = 0}, [](int64_t s) {
    if (s < kWarmup) return static_cast<double>(s) / kWarmup;
    return s >= kSteps ? 0.0 : 1 - Share(s, kWarmup, kSteps);
  });
}

TEST(Schedule, TheInverseRootAndTheLargerOfTwo) {
  const auto root = [](int64_t s) {
    if (s < kWarmup) return 0.1 + 0.9 * static_cast<double>(s) / kWarmup;
    return std::sqrt(static_cast<double>(kWarmup) / static_cast<double>(s));
  };
  ScheduleSpec spec{.name = ScheduleKind::kInverseSqrt, .warmup = Steps(kWarmup), .start_ratio = 0.1};
  ExpectFactors(spec, root);
  spec.name = ScheduleKind::kMaxCosineInverseSqrt;
  spec.final_ratio = 0;
  int64_t by_cosine = 0, by_root = 0;
  ExpectFactors(spec, [&](int64_t s) {
    if (s < kWarmup) return root(s);
    const double cosine = s >= kSteps ? 0 : Cosine(Share(s, kWarmup, kSteps));
    ++(cosine > root(s) ? by_cosine : by_root);
    return std::max(cosine, root(s));
  });
  EXPECT_GT(by_cosine, 20);
  EXPECT_GT(by_root, 20);
}

TEST(Schedule, WarmupStableDecayInEveryShape) {
  const double r = 0.05;
  const std::pair<DecayShape, std::function<double(double)>> shapes[] = {
      {DecayShape::kLinear, [&](double x) { return Falling(r, 1 - x); }},
      {DecayShape::kCosine, [&](double x) { return Falling(r, Cosine(x)); }},
      {DecayShape::kExponential, [&](double x) { return std::pow(r, x); }},
      {DecayShape::kMirrorCosine, [&](double x) { return 2 * Falling(r, 1 - x) - Falling(r, Cosine(x)); }},
      {DecayShape::kSquare, [&](double x) { return Falling(r, 1 - x * x); }},
      {DecayShape::kSqrt, [&](double x) { return Falling(r, 1 - std::sqrt(x)); }}};
  for (const auto& [shape, formula] : shapes) {
    SCOPED_TRACE(static_cast<int>(shape));
    const ScheduleSpec spec{.name = ScheduleKind::kWarmupStableDecay,
                            .warmup = Steps(kWarmup),
                            .start_ratio = 0.01,
                            .final_ratio = r,
                            .shape = shape,
                            .decay = Steps(50)};
    ExpectFactors(spec, [&](int64_t s) {
      if (s < kWarmup) return 0.01 + 0.99 * static_cast<double>(s) / kWarmup;
      if (s <= 150) return 1.0;
      return s >= kSteps ? r : formula(Share(s, 150, kSteps));
    });
    const Schedule schedule = Compile(spec, kSteps);
    EXPECT_EQ(Rate(schedule, 150), kPeak);
    EXPECT_EQ(Rate(schedule, 200), kPeak * r);
  }
}

TEST(Schedule, OneCycleBeginsPeaksAndEndsExactly) {
  // Peak at 5 %, from a hundredth of it to a tenth.
  for (const DecayShape shape : {DecayShape::kLinear, DecayShape::kCosine}) {
    const Schedule schedule = Compile({.name = ScheduleKind::kOneCycle,
                                       .warmup = Percent(5),
                                       .start_ratio = 0.01,
                                       .final_ratio = 0.1,
                                       .shape = shape},
                                      28'000);
    EXPECT_EQ(Rate(schedule, 1), kPeak * 0.01);
    EXPECT_LT(Rate(schedule, 1399), kPeak);
    EXPECT_EQ(Rate(schedule, 1400), kPeak);
    EXPECT_LT(Rate(schedule, 1401), kPeak);
    EXPECT_DOUBLE_EQ(Rate(schedule, 14'700), kPeak * 0.55);
    EXPECT_EQ(Rate(schedule, 28'000), kPeak * 0.1);
    EXPECT_EQ(Rate(schedule, 30'000), kPeak * 0.1);
  }
}

TEST(Schedule, WarmRestartsBeginEveryCycleAtThePeak) {
  const Schedule equal = Compile(
      {.name = ScheduleKind::kWarmRestarts, .warmup = Steps(10), .cycle = Steps(30), .cycle_factor = 1}, 100);
  for (const int64_t step : {10, 11, 41, 71}) EXPECT_EQ(Rate(equal, step), kPeak) << step;
  EXPECT_DOUBLE_EQ(Rate(equal, 26), kPeak * 0.55);
  EXPECT_EQ(Rate(equal, 12), Rate(equal, 72));
  EXPECT_DOUBLE_EQ(Rate(equal, 40), kPeak * Falling(0.1, Cosine(29.0 / 30)));

  const Schedule growing = Compile(
      {.name = ScheduleKind::kWarmRestarts, .final_ratio = 0, .cycle = Steps(10), .cycle_factor = 3}, 200);
  for (const int64_t step : {1, 11, 41, 131}) EXPECT_EQ(Rate(growing, step), kPeak) << step;
  EXPECT_DOUBLE_EQ(Rate(growing, 26), kPeak / 2);
  EXPECT_DOUBLE_EQ(Rate(growing, 86), kPeak / 2);
}

TEST(Schedule, StagesReachTheirSecondValueAtTheirLastStep) {
  const Schedule schedule = Compile(
      {.name = ScheduleKind::kStages,
       .stages = "linear 0 to 1 for 10% then constant 1 for 102400 tokens then cosine 1 to 0.2 for rest "
                 "then exponential 0.2 to 0.05 for 20"},
      200);
  EXPECT_DOUBLE_EQ(Rate(schedule, 1), kPeak / 20);
  EXPECT_EQ(Rate(schedule, 20), kPeak);
  EXPECT_EQ(Rate(schedule, 70), kPeak);  // 50 steps of 2048 tokens later
  EXPECT_LT(Rate(schedule, 71), kPeak);
  EXPECT_DOUBLE_EQ(Rate(schedule, 125), kPeak * 0.6);
  EXPECT_EQ(Rate(schedule, 180), kPeak * 0.2);
  EXPECT_DOUBLE_EQ(Rate(schedule, 190), kPeak * 0.1);
  EXPECT_EQ(Rate(schedule, 200), kPeak * 0.05);
  EXPECT_EQ(Rate(schedule, 300), kPeak * 0.05);
}

TEST(Schedule, AFreezeShiftsTheCurve) {
  const ScheduleSpec bare{.warmup = Steps(25), .start_ratio = 0.1};
  ScheduleSpec frozen = bare;
  frozen.freeze = Steps(10);
  const Schedule inner = Compile(bare, 250);
  const Schedule outer = Compile(frozen, 260);
  for (const int64_t step : {1, 5, 9}) EXPECT_EQ(Rate(outer, step), 0) << step;
  EXPECT_EQ(Rate(outer, 10), kPeak * 0.1);  // already the first value
  for (int64_t step = 11; step <= 280; ++step) EXPECT_EQ(Rate(outer, step), Rate(inner, step - 10)) << step;
}

TEST(Schedule, ASecondWarmUpMeetsTheCurveAtItsEnd) {
  const ScheduleSpec bare{.warmup = Steps(20)};
  ScheduleSpec again = bare;
  again.rewarm_start = Steps(100);
  again.rewarm_end = Steps(140);
  const Schedule inner = Compile(bare, kSteps);
  const Schedule outer = Compile(again, kSteps);
  for (const int64_t step : {1, 50, 99, 100}) EXPECT_EQ(Rate(outer, step), 0) << step;
  EXPECT_DOUBLE_EQ(Rate(outer, 110), Rate(inner, 140) / 4);
  for (int64_t step = 140; step <= kSteps; ++step) EXPECT_EQ(Rate(outer, step), Rate(inner, step)) << step;
}

TEST(Schedule, TheClipBoundIsLooseUpToAndWithTheEndOfItsWarmUp) {
  TrainingSpec spec = RunOf({}, 100);
  spec.training.clip_warmup = Steps(10);
  spec.training.clip_warmup_factor = 3;
  const Schedule schedule = Compile(spec);
  for (const int64_t step : {1, 9, 10})
    EXPECT_EQ(schedule.At(static_cast<double>(step)).clip_norm, 3) << step;
  EXPECT_EQ(schedule.At(11).clip_norm, 1);
  spec.training.clip_warmup = {};
  EXPECT_EQ(Compile(spec).At(1).clip_norm, 1);
  spec.training.clip_norm = 0;
  EXPECT_EQ(Compile(spec).At(1).clip_norm, 0);
}

}  // namespace
}  // namespace optfleet::spec
