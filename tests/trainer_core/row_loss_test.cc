#include "trainer_core/loss/row_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "trainer_core/rules/update.h"

namespace optfleet::loss {
namespace {

using rules::BFloat16;
using rules::Vectors;

// A spread of scores, large differences among them.
std::vector<float> Scores(int64_t width) {
  std::vector<float> scores;
  for (int64_t i = 0; i < width; ++i)
    scores.push_back(static_cast<float>(40 * std::sin(0.7 * static_cast<double>(i * i))));
  return scores;
}

struct Row {
  RowLoss loss;
  std::vector<float> gradient;
};

Row LossAndGradient(std::vector<float> logits, int64_t target, const RowGradient& gradient) {
  std::vector<float> scratch(logits.size());
  const auto width = static_cast<int64_t>(logits.size());
  const RowLoss loss = LossOfRow(logits.data(), width, target, &gradient, scratch.data());
  return {loss, logits};
}

Row Exact(const std::vector<float>& logits, int64_t target, const RowGradient& gradient) {
  double largest = -INFINITY, sum = 0;
  for (const float x : logits) largest = std::max<double>(largest, x);
  for (const float x : logits) sum += std::exp(x - largest);
  const double log_sum = largest + std::log(sum);
  const auto at = static_cast<size_t>(target);
  Row row{{static_cast<float>(log_sum - logits[at]), static_cast<float>(log_sum)}, {}};
  for (const float x : logits)
    row.gradient.push_back(
        static_cast<float>(std::exp(x - log_sum) * gradient.scale * (1 + 2 * gradient.z * log_sum)));
  row.gradient[at] -= gradient.scale;
  return row;
}

TEST(RowLoss, IsTheFormula) {
  for (const int64_t width : {1, 2, 15, 16, 17, 1024, 1025, 5000}) {
    const std::vector<float> scores = Scores(width);
    const RowGradient gradient{0.25F, 0.01F};
    const Row found = LossAndGradient(scores, width / 2, gradient),
              exact = Exact(scores, width / 2, gradient);
    EXPECT_NEAR(found.loss.nll, exact.loss.nll, 2e-6 * (1 + exact.loss.nll));
    EXPECT_NEAR(found.loss.log_sum_exp, exact.loss.log_sum_exp, 1e-6 * exact.loss.log_sum_exp);
    for (size_t i = 0; i < scores.size(); ++i)
      EXPECT_NEAR(found.gradient[i], exact.gradient[i], 1e-6 * std::abs(exact.gradient[i]) + 1e-7)
          << width << " " << i;
  }
}

TEST(RowLoss, WithoutAGradientLeavesTheLogitsAlone) {
  std::vector<float> logits = Scores(100), scratch(100);
  const RowLoss loss = LossOfRow(logits.data(), 100, 3, nullptr, scratch.data());
  EXPECT_EQ(logits, Scores(100));
  EXPECT_EQ(loss.nll, LossAndGradient(Scores(100), 3, {}).loss.nll);
}

TEST(RowLoss, OfANumberThatIsNoneIsNone) {
  for (const float wrong : {std::nanf(""), INFINITY}) {
    std::vector<float> logits = Scores(100);
    logits[40] = wrong;
    EXPECT_TRUE(std::isnan(LossAndGradient(logits, 3, {}).loss.nll)) << wrong;
  }
  std::vector<float> logits = Scores(100);
  logits[40] = -INFINITY;
  EXPECT_EQ(LossAndGradient(logits, 3, {}).gradient[40], 0);
}

TEST(RowLoss, HasTheSameBitsWithAllVectorsOfThisProcessor) {
  const std::vector<float> scores = Scores(5003);
  std::vector<BFloat16> narrow(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) rules::Store(scores[i], &narrow[i]);
  const RowGradient gradient{0.001F, 0.02F};
  const auto run_narrow = [&] {
    std::vector<BFloat16> logits = narrow;
    std::vector<float> scratch(logits.size());
    LossOfRow(logits.data(), static_cast<int64_t>(logits.size()), 77, &gradient, scratch.data());
    return logits;
  };
  rules::UseVectors(Vectors::kBaseline);
  const Row plain = LossAndGradient(scores, 77, gradient);
  const auto plain_narrow = run_narrow();
  for (const Vectors vectors : {Vectors::kAvx2, Vectors::kAvx512}) {
    if (vectors > rules::BestVectors()) break;
    rules::UseVectors(vectors);
    const Row wide = LossAndGradient(scores, 77, gradient);
    const auto wide_narrow = run_narrow();
    EXPECT_EQ(wide.loss.nll, plain.loss.nll);
    EXPECT_EQ(wide.gradient, plain.gradient);
    EXPECT_EQ(std::memcmp(wide_narrow.data(), plain_narrow.data(), plain_narrow.size() * sizeof(BFloat16)),
              0);
  }
  rules::UseVectors(rules::BestVectors());
}

}  // namespace
}  // namespace optfleet::loss
