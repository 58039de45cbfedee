// Noise, and spreads of figures.
#include "sweeps/search/simulate.h"

#include <gtest/gtest.h>

#include <limits>

namespace optfleet::sweeps {
namespace {

TEST(Simulate, NoiseIsOnEveryValueAndRepeats) {
  const std::vector<Curve> curves = {
      {.points = {{10, 3}, {20, 2}}, .steps = 20, .seconds_per_step = 2},
      {.points = {{10, std::numeric_limits<double>::infinity()}}, .steps = 20, .seconds_per_step = 2}};
  const auto noisy = WithNoise(curves, 0.1, 7);
  EXPECT_NE(noisy[0].points[0].value, 3);
  EXPECT_NEAR(noisy[0].points[1].value, 2, 1);
  EXPECT_EQ(noisy[0].points[1].value, WithNoise(curves, 0.1, 7)[0].points[1].value);
  EXPECT_EQ(FinalOf(curves[0]), 2);
  EXPECT_EQ(BestFinal(curves), 2);
  EXPECT_EQ(DeviceSeconds(curves), 60) << "what diverges ends there";
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
