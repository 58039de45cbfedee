// Curves that are made up: repeatable, with an optimum on each axis, and crossing about as often as recorded
// ones.
#include "sweeps/search/synthetic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "sweeps/search/simulate.h"
#include "tests/common/golden.h"
#include "tests/sweeps/search/curves.h"

namespace optfleet::sweeps {
namespace {

constexpr int64_t kSteps = 1000;
constexpr int32_t kSeeds = 50;

// Rates of two optimizers, three decades each, that have nothing to do with each other.
SyntheticSpace Rates(int32_t rates) {
  SyntheticSpace space{.number_keys = {"rate"}, .choice_keys = {"optimizer"}, .jobs = {}};
  for (const double least : {1e-5, 1e-2})
    for (int32_t i = 0; i < rates; ++i)
      space.jobs.push_back({.numbers = {least * std::pow(1000, static_cast<double>(i) / (rates - 1))},
                            .choices = {least < 1e-3 ? "lion" : "sgd"},
                            .steps = kSteps,
                            .validations = {110, 333},
                            .seconds_per_step = 2});
  return space;
}

std::vector<double> Finals(const std::vector<Curve>& curves) {
  std::vector<double> finals;
  for (const Curve& curve : curves) finals.push_back(FinalOf(curve));
  return finals;
}

// Of the pairs that are apart in the end by a part of it, the share that stood the other way round before.
double CrossedShare(const std::vector<Curve>& curves, size_t point) {
  int pairs = 0;
  int crossed = 0;
  for (const Curve& a : curves) {
    for (const Curve& b : curves) {
      if (!(FinalOf(a) < FinalOf(b) * 0.996) || FinalOf(b) > 1.5 * BestFinal(curves)) continue;
      ++pairs;
      crossed += a.points[point].value > b.points[point].value ? 1 : 0;
    }
  }
  return static_cast<double>(crossed) / std::max(pairs, 1);
}

TEST(Synthetic, ASeedGivesTheSameCurvesAndAnotherOneOthers) {
  const SyntheticSpace space = Rates(7);
  EXPECT_EQ(Finals(SyntheticCurves(space, 1)), Finals(SyntheticCurves(space, 1)));
  EXPECT_NE(Finals(SyntheticCurves(space, 1)), Finals(SyntheticCurves(space, 2)));
}

TEST(Synthetic, CurvesFallAndHaveAValueAtEachValidation) {
  for (const Curve& curve : SyntheticCurves(Rates(7), 3)) {
    ASSERT_EQ(curve.points.size(), 3U);
    EXPECT_EQ(curve.points[0].step, 110);
    EXPECT_EQ(curve.points[2].step, kSteps);
    EXPECT_GT(curve.points[0].value, curve.points[1].value);
    EXPECT_GT(curve.points[1].value, curve.points[2].value);
    EXPECT_EQ(curve.seconds_per_step, 2);
  }
}

TEST(Synthetic, EachOptimizerHasAnOptimumBetweenTheEnds) {
  int apart = 0;
  for (int32_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<double> finals = Finals(SyntheticCurves(Rates(21), seed));
    std::vector<int64_t> places;
    for (const int64_t begin : {0, 21}) {
      const auto first = finals.begin() + begin;
      const auto best = std::min_element(first, first + 21);
      places.push_back(best - first);
      EXPECT_TRUE(std::is_sorted(first, best, std::greater<>())) << "one optimum";
      EXPECT_TRUE(std::is_sorted(best, first + 21));
      EXPECT_GE(places.back(), 3);
      EXPECT_LE(places.back(), 17);
    }
    apart += places[0] != places[1] ? 1 : 0;
  }
  EXPECT_GT(apart, kSeeds / 2) << "each has its own";
}

TEST(Synthetic, AnAxisOfOneValueAddsNothing) {
  SyntheticSpace space = Rates(7);
  const std::vector<double> before = Finals(SyntheticCurves(space, 1));
  space.number_keys.push_back("width");
  for (SyntheticJob& job : space.jobs) job.numbers.push_back(64);
  EXPECT_EQ(Finals(SyntheticCurves(space, 1)), before);
}

TEST(Synthetic, NumbersBelowZeroAreNoLogarithms) {
  SyntheticSpace space{.number_keys = {"shift"}, .choice_keys = {}, .jobs = {}};
  for (const double shift : {-1.0, 0.0, 1.0})
    space.jobs.push_back(
        {.numbers = {shift}, .choices = {}, .steps = 10, .validations = {}, .seconds_per_step = 1});
  for (const double end : Finals(SyntheticCurves(space, 1))) EXPECT_TRUE(std::isfinite(end));
}

TEST(Synthetic, AShorterJobEndsHigher) {
  SyntheticSpace space = Rates(7);
  SyntheticJob half = space.jobs[3];
  half.steps = kSteps / 2;
  space.jobs.push_back(half);
  const std::vector<double> finals = Finals(SyntheticCurves(space, 1));
  EXPECT_GT(finals.back(), finals[3]);
}

TEST(Synthetic, CurvesCrossAboutAsOftenAsRecordedOnes) {
  const auto recorded = testing::ReadCurves(
      ::optfleet::testing::ReadFileOrFail(OPTFLEET_SOURCE_DIR "/tests/sweeps/search/curves/shakespeare.csv"));
  double early = 0;
  double late = 0;
  for (int32_t seed = 1; seed <= kSeeds; ++seed) {
    early += CrossedShare(SyntheticCurves(Rates(7), seed), 0) / kSeeds;
    late += CrossedShare(SyntheticCurves(Rates(7), seed), 1) / kSeeds;
  }
  EXPECT_NEAR(early, CrossedShare(recorded.curves, 1), 0.12) << "step 30 of 270";
  EXPECT_NEAR(late, CrossedShare(recorded.curves, 5), 0.05) << "step 90";
}

TEST(Synthetic, OfJobsThatAreNotOfTheSpace) {
  SyntheticSpace space{.number_keys = {"rate"}, .choice_keys = {"optimizer", "mlp"}, .jobs = {}};
  for (const double rate : {1e-4, 1e-3, 1e-2})
    space.jobs.push_back({.numbers = {rate},
                          .choices = {"adam", "relu"},
                          .steps = 100,
                          .validations = {},
                          .seconds_per_step = 1});
  for (const double rate : {1e-2, 1e-1, 1.0})
    space.jobs.push_back({.numbers = {rate},
                          .choices = {"sgd", "relu"},
                          .steps = 100,
                          .validations = {},
                          .seconds_per_step = 1});
  const SyntheticLandscape landscape(space, 4);
  const auto final_of = [&](double rate, const char* optimizer, const char* mlp) {
    return landscape
        .CurveOf({.numbers = {rate},
                  .choices = {optimizer, mlp},
                  .steps = 100,
                  .validations = {},
                  .seconds_per_step = 1})
        .points.back()
        .value;
  };
  EXPECT_EQ(final_of(1e-3, "adam", "relu"), SyntheticCurves(space, 4)[1].points.back().value);
  // A combination that is new lies where the one of its optimizer does: its optimum is within that range.
  double least = 1e9;
  double at = 0;
  for (double rate = 1e-6; rate < 100; rate *= 1.3)
    if (const double end = final_of(rate, "sgd", "gelu"); end < least) {
      least = end;
      at = rate;
    }
  EXPECT_GT(at, 1e-2);
  EXPECT_LT(at, 1);
  EXPECT_EQ(final_of(1e-9, "adam", "relu"), final_of(0, "adam", "relu"))
      << "what is far outside is equally bad";
  EXPECT_TRUE(std::isfinite(final_of(0, "adam", "relu")));
}

}  // namespace
}  // namespace optfleet::sweeps
