// The densities of TPE: Optuna's figures for the same points, and draws that follow them.
#include "sweeps/search/parzen.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

namespace optfleet::sweeps {
namespace {

using Kind = Dimension::Kind;

const Space kSpace{{.key = "x"},
                   {.key = "y", .kind = Kind::kWhole, .count = 6},
                   {.key = "z", .kind = Kind::kChoice, .count = 3}};
constexpr std::array<double, 6> kShares = {0.0, 0.1, 0.25, 0.3, 0.62, 0.99};

// Of one dimension of kSpace; whole numbers and choices are given by their index.
Parzen OneOf(size_t dimension, const std::vector<double>& values) {
  const int32_t count = kSpace[dimension].count;
  std::vector<Point> points;
  for (const double value : values)
    points.push_back({count == 0 ? value : MiddleOf(static_cast<int32_t>(value), count)});
  std::vector<const Point*> pointers;
  for (const Point& point : points) pointers.push_back(&point);
  return {{kSpace[dimension]}, pointers};
}

// Optuna 5.0, _ParzenEstimator.log_pdf over FloatDistribution(0, 1).
TEST(Parzen, OfSharesIsOptunas) {
  const Parzen four = OneOf(0, {0.3, 0.35, 0.9, 0.05});
  constexpr std::array<double, 6> kFour = {0.15220577147509007, 0.26472777844184203,  0.2818237684053795,
                                           0.25232835747628934, -0.15143788794622104, -0.5327994545146852};
  const Parzen one = OneOf(0, {0.2});
  constexpr std::array<double, 6> kOne = {0.008846912606699897, 0.042167199651342746, 0.06802835115124972,
                                          0.07027566600812052,  0.010787901285664425, -0.21078181945752217};
  const Parzen none = OneOf(0, {});
  constexpr std::array<double, 6> kNone = {-0.08402219950905043, -0.039022199509050504, 0.009727800490949567,
                                           0.02097780049094955,  0.03377780049094958,   -0.07907219950905042};
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) values.push_back(i * 37 % 40 / 40.0 + 0.01);
  const Parzen many = OneOf(0, values);  // older ones weigh less
  constexpr std::array<double, 6> kMany = {-1.377512784252298, 0.14447112129718942,  0.08770543030643063,
                                           0.1125128967457465, -0.04628493575480941, -0.08549805993027842};
  for (size_t i = 0; i < kShares.size(); ++i) {
    EXPECT_NEAR(four.LogDensity({kShares[i]}), kFour[i], 1e-9) << kShares[i];
    EXPECT_NEAR(one.LogDensity({kShares[i]}), kOne[i], 1e-9) << kShares[i];
    EXPECT_NEAR(none.LogDensity({kShares[i]}), kNone[i], 1e-9) << kShares[i];
    EXPECT_NEAR(many.LogDensity({kShares[i]}), kMany[i], 1e-9) << kShares[i];
  }
}

// IntDistribution(0, 5) and CategoricalDistribution of three.
TEST(Parzen, OfWholeNumbersAndChoicesIsOptunas) {
  const Parzen whole = OneOf(1, {1, 2, 2, 5});
  constexpr std::array<double, 6> kWhole = {-1.9676355792041584, -1.505033915939864, -1.4571704290769225,
                                            -1.7536158023193316, -2.075047169587324, -2.2385623021639214};
  for (int32_t i = 0; i < 6; ++i)
    EXPECT_NEAR(whole.LogDensity({MiddleOf(i, 6)}), kWhole[static_cast<size_t>(i)], 1e-9) << i;
  const Parzen choice = OneOf(2, {0, 2, 2});
  constexpr std::array<double, 3> kChoice = {-1.0986122886681098, -1.6582280766035324, -0.7419373447293772};
  for (int32_t i = 0; i < 3; ++i)
    EXPECT_NEAR(choice.LogDensity({MiddleOf(i, 3)}), kChoice[static_cast<size_t>(i)], 1e-9) << i;
}

TEST(Parzen, OfAllTogetherIsOptunas) {
  const std::vector<Point> points{{0.3, MiddleOf(1, 6), MiddleOf(0, 3)},
                                  {0.35, MiddleOf(2, 6), MiddleOf(2, 3)},
                                  {0.9, MiddleOf(5, 6), MiddleOf(2, 3)}};
  const Parzen joint(kSpace, {&points[0], &points[1], &points[2]});
  EXPECT_NEAR(joint.LogDensity({0.31, MiddleOf(1, 6), MiddleOf(0, 3)}), -1.8157924939908445, 1e-9);
  EXPECT_NEAR(joint.LogDensity({0.8, MiddleOf(5, 6), MiddleOf(2, 3)}), -2.3882446988370547, 1e-9);
  EXPECT_NEAR(joint.LogDensity({0.8, MiddleOf(0, 6), MiddleOf(1, 3)}), -3.8237523034608976, 1e-9);
}

TEST(Parzen, DrawsFollowTheDensity) {
  constexpr int kDraws = 20'000;
  constexpr int32_t kParts = 10;
  Draws draws(1);
  const Parzen shares = OneOf(0, {0.02, 0.3, 0.35, 0.9});
  std::map<int32_t, int> counts;
  for (int i = 0; i < kDraws; ++i) ++counts[IndexOf(shares.Draw(&draws)[0], kParts)];
  for (int32_t part = 0; part < kParts; ++part) {
    double mass = 0;
    for (int i = 0; i < 100; ++i)
      mass += std::exp(shares.LogDensity({(part + (i + 0.5) / 100) / kParts})) / 100;
    EXPECT_NEAR(counts[part], kDraws * mass / kParts, 5 * std::sqrt(kDraws * mass / kParts)) << part;
  }
  for (const size_t dimension : {1U, 2U}) {
    const Parzen indices = OneOf(dimension, {1, 2, 2, 0});
    const int32_t count = kSpace[dimension].count;
    std::map<int32_t, int> of;
    for (int i = 0; i < kDraws; ++i) ++of[IndexOf(indices.Draw(&draws)[0], count)];
    for (int32_t i = 0; i < count; ++i) {
      const double expected = kDraws * std::exp(indices.LogDensity({MiddleOf(i, count)}));
      EXPECT_NEAR(of[i], expected, 5 * std::sqrt(expected)) << dimension << " " << i;
    }
  }
}

}  // namespace
}  // namespace optfleet::sweeps
