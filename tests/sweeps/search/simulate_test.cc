// A search beside its grid: what is counted.
#include "sweeps/search/simulate.h"

#include <gtest/gtest.h>

#include <limits>

namespace optfleet::sweeps {
namespace {

// A hundred steps of a second, from 5 down to `end` in a line, a value at each tenth.
std::vector<Curve> Lines(std::initializer_list<double> ends) {
  std::vector<Curve> curves;
  for (const double end : ends) {
    Curve curve{.points = {}, .steps = 100, .seconds_per_step = 1};
    for (int64_t step = 10; step <= 100; step += 10)
      curve.points.push_back({step, 5 + (end - 5) * static_cast<double>(step) / 100});
    curves.push_back(std::move(curve));
  }
  return curves;
}

TEST(Simulate, TheGridTrainsAllAndHalvingAPart) {
  const Comparison both =
      Compare({.slots = 2, .halving = HalvingPlan{.first_steps = 50}}, Lines({3, 2, 4, 2.5}), 0, 1);
  EXPECT_EQ(both.grid.device_seconds, 400);
  EXPECT_EQ(both.grid.seconds, 200);
  EXPECT_EQ(both.grid.trained, 4);
  EXPECT_TRUE(both.grid.found_best);
  EXPECT_EQ(both.grid.regret, 0);
  EXPECT_EQ(both.search.device_seconds, 250);
  EXPECT_EQ(both.search.trained, 1);
  EXPECT_TRUE(both.search.found_best);
}

TEST(Simulate, RegretIsWithoutTheNoise) {
  // So much noise that chance decides: what is found is judged by what it really comes to.
  const std::vector<Curve> curves = Lines({2, 3});
  int found = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const SearchOutcome grid = Compare({}, curves, 100, seed).grid;
    EXPECT_DOUBLE_EQ(*grid.regret, grid.found_best ? 0 : 0.5);
    found += grid.found_best ? 1 : 0;
  }
  EXPECT_GT(found, 25);
  EXPECT_LT(found, 75);
}

TEST(Simulate, WhereNothingComesToItsEndThereIsNoRegret) {
  std::vector<Curve> curves = Lines({2, 3});
  curves[1].points[0].value = std::numeric_limits<double>::infinity();
  const Comparison both = Compare({.plateau = PlateauPlan{.patience = 10, .min_delta = 9}}, curves, 0, 1);
  EXPECT_EQ(both.search.regret, std::nullopt);
  EXPECT_FALSE(both.search.found_best);
  EXPECT_EQ(both.search.trained, 0);
  EXPECT_EQ(both.grid.trained, 1);
}

TEST(Simulate, SpreadOfSomeNumbers) {
  const Spread odd = SpreadOf({3, 1, 2});
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.least, 1);
  EXPECT_EQ(odd.most, 3);
  EXPECT_EQ(SpreadOf({4, 1, 2, 3}).median, 2.5);
}

}  // namespace
}  // namespace optfleet::sweeps
