#include "trainer_core/rules/factored.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/trainer_core/rules/vectors.h"

namespace optfleet::rules {
namespace {

constexpr Matrix kShape{7, 37};
const GradientTransform kTransform{0.5f, 0.4f};

std::vector<float> Wave(double phase) {
  std::vector<float> values;
  for (int64_t i = 0; i < kShape.rows * kShape.columns; ++i)
    values.push_back(static_cast<float>(std::sin(0.7 * static_cast<double>(i) + phase)));
  return values;
}

double Seen(float g) {
  return std::clamp(static_cast<double>(g) * 0.5, -static_cast<double>(0.4f), static_cast<double>(0.4f));
}

size_t At(int64_t row, int64_t column) { return static_cast<size_t>(row * kShape.columns + column); }

// Every instruction set in turn, the best one last.
class Factored : public testing::TestWithParam<Vectors> {
 protected:
  Factored() { UseVectors(GetParam()); }
  const KernelChoice restore_;
};
INSTANTIATE_TEST_SUITE_P(Vectors, Factored, testing::ValuesIn(AvailableVectors()));

TEST_P(Factored, SumsAreThoseOfTheMatrix) {
  const std::vector<float> gradient = Wave(0);
  std::vector<double> rows(kShape.rows), columns(kShape.columns, 1.0);
  SumSquaresOfRows(gradient.data(), kShape, kTransform, rows.data());
  AddSquaresOfColumns(gradient.data(), kShape, kTransform, columns.data());
  for (int64_t a = 0; a < kShape.rows; ++a) {
    double sum = 0;
    for (int64_t b = 0; b < kShape.columns; ++b) sum += std::pow(Seen(gradient[At(a, b)]), 2);
    EXPECT_NEAR(rows[static_cast<size_t>(a)], sum, 1e-6);
  }
  for (int64_t b = 0; b < kShape.columns; ++b) {
    double sum = 1;
    for (int64_t a = 0; a < kShape.rows; ++a) sum += std::pow(Seen(gradient[At(a, b)]), 2);
    EXPECT_NEAR(columns[static_cast<size_t>(b)], sum, 1e-6);
  }
}

TEST_P(Factored, MomentumStepIsTheFormula) {
  const FactoredMomentum rule{0.1f, 0.01f, 0.2f, 1e-8f};
  const std::vector<float> gradient = Wave(0);
  std::vector<float> row(kShape.rows), column(kShape.columns);
  for (size_t i = 0; i < row.size(); ++i) row[i] = 1.0f + 0.1f * static_cast<float>(i);
  for (size_t i = 0; i < column.size(); ++i) column[i] = 2.0f + 0.01f * static_cast<float>(i);
  for (const bool with_column : {false, true}) {
    const std::vector<float> before = Wave(1), old_momentum = Wave(2);
    std::vector<float> weight = before, momentum = old_momentum;
    Update(rule, kTransform, kShape, row.data(), with_column ? column.data() : nullptr, weight.data(),
           gradient.data(), momentum.data());
    for (int64_t a = 0; a < kShape.rows; ++a) {
      for (int64_t b = 0; b < kShape.columns; ++b) {
        const size_t i = At(a, b);
        const double m = 0.8 * old_momentum[i] + 0.2 * Seen(gradient[i]);
        const double root =
            row[static_cast<size_t>(a)] * (with_column ? column[static_cast<size_t>(b)] : 1.0f);
        ASSERT_NEAR(momentum[i], m, 1e-6);
        ASSERT_NEAR(weight[i], 0.99 * before[i] - 0.1 * (m / (root + 1e-8)), 1e-6);
      }
    }
  }
}

TEST_P(Factored, UpdateOfThePaperIsTheFormula) {
  const std::vector<float> gradient = Wave(0), before = Wave(1);
  std::vector<float> row(kShape.rows, 2.0f), column(kShape.columns), weight = before;
  for (size_t i = 0; i < column.size(); ++i) column[i] = 0.5f + 0.01f * static_cast<float>(i);
  double sum = 0;
  const double found = SumSquaresOfUpdate(kTransform, kShape, row.data(), column.data(), gradient.data());
  ApplyUpdate(0.1f, 0.1f, kTransform, kShape, row.data(), column.data(), weight.data(), gradient.data());
  for (int64_t a = 0; a < kShape.rows; ++a) {
    for (int64_t b = 0; b < kShape.columns; ++b) {
      const size_t i = At(a, b);
      const double u = Seen(gradient[i]) * 2.0 * static_cast<double>(column[static_cast<size_t>(b)]);
      sum += u * u;
      ASSERT_NEAR(weight[i], 0.9 * before[i] - 0.1 * u, 1e-6);
    }
  }
  EXPECT_NEAR(found, sum, 1e-5 * sum);
}

TEST(FactoredVectors, SumsHaveTheSameBits) {
  const std::vector<float> gradient = Wave(0.3);
  std::vector<double> totals;
  for (const Vectors vectors : AvailableVectors()) {
    UseVectors(vectors);
    totals.push_back(SumSquares(gradient.data(), static_cast<int64_t>(gradient.size())));
  }
  UseVectors(BestVectors());
  for (const double total : totals) EXPECT_EQ(total, totals.front());
  EXPECT_NEAR(totals.front(), static_cast<double>(gradient.size()) / 2, 2);
}

}  // namespace
}  // namespace optfleet::rules
