#include "optctl/report/thin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace optfleet::report {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Thin, KeepsSpikesAsExtremesOfTheirBucket) {
  const Series series{.key = "loss",
                      .steps = {1, 2, 3, 4, 5, 6},
                      .last = {5, 90, 4, 3, -1, 2},
                      .time_us = {1, 2, 3, 4, 5, 6}};
  const Series thin = Thin(series, 2);
  EXPECT_THAT(thin.steps, ElementsAre(3, 6));
  EXPECT_THAT(thin.last, ElementsAre(4, 2));
  EXPECT_THAT(thin.min, ElementsAre(4, -1));
  EXPECT_THAT(thin.max, ElementsAre(90, 3));
  EXPECT_THAT(thin.time_us, ElementsAre(3, 6));
}

TEST(Thin, BucketsOfBucketsKeepTheirExtremes) {
  const Series series{.key = "loss", .steps = {10, 20}, .last = {3, 2}, .min = {1, 2}, .max = {3, 8}};
  const Series thin = Thin(series, 1);
  EXPECT_THAT(thin.min, ElementsAre(1));
  EXPECT_THAT(thin.max, ElementsAre(8));
}

TEST(Thin, NonFiniteValuesDoNotHideFiniteExtremes) {
  const double inf = std::numeric_limits<double>::infinity();
  const Series thin = Thin({.key = "loss", .steps = {1, 2, 3}, .last = {7, inf, NAN}}, 1);
  EXPECT_THAT(thin.max, ElementsAre(7));
  EXPECT_TRUE(std::isnan(thin.last.at(0)));
}

TEST(Thin, ShortSeriesComeBackAsTheyAre) {
  const Series thin = Thin({.key = "loss", .steps = {1, 2}, .last = {7, 6}}, 5);
  EXPECT_THAT(thin.steps, ElementsAre(1, 2));
  EXPECT_THAT(thin.min, IsEmpty());
}

TEST(Thin, UnequalColumnsAreCutToTheShortest) {
  const Series thin = Thin({.key = "loss", .steps = {1, 2, 3}, .last = {7, 6}}, 5);
  EXPECT_THAT(thin.steps, ElementsAre(1, 2));
  EXPECT_THAT(Thin({.key = "loss", .steps = {1, 2, 3}}, 5).steps, IsEmpty());
}

TEST(PointsPerSeries, ShrinksWithTheNumberOfSeriesWithinLimits) {
  EXPECT_EQ(PointsPerSeries(0), 400U);
  EXPECT_EQ(PointsPerSeries(180), 200U);
  EXPECT_EQ(PointsPerSeries(100'000), 40U);
}

}  // namespace
}  // namespace optfleet::report
