#include "trainer_core/eval/validation_sum.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

namespace optfleet::trainer {
namespace {

// Two batches, the second of a single sequence, of 4 tokens each.
Evaluation Uneven(std::optional<double> bytes_per_token) {
  ValidationSum sum(/*batch_size=*/2, /*sequence_length=*/4, bytes_per_token);
  sum.Add(4.0, std::array{4.0}, 3);  // two groups of the first batch
  sum.Add(8.0, std::array{8.0}, 1);
  sum.Add(12.0, std::array{12.0}, 0);
  return sum.Figures();
}

TEST(ValidationSum, EachPerplexityByItsDefinition) {
  const Evaluation figures = Uneven(1);
  EXPECT_EQ(figures.tokens, 12);
  EXPECT_DOUBLE_EQ(figures.loss, 2.0);
  EXPECT_DOUBLE_EQ(figures.perplexity, std::exp(2.0));
  const double batch_mean = (12.0 / 8 + 12.0 / 4) / 2;
  EXPECT_DOUBLE_EQ(figures.others->perplexity_batch_mean, std::exp(batch_mean));
  EXPECT_DOUBLE_EQ(figures.others->perplexity_truncated_e, std::pow(2.71828, batch_mean));
  EXPECT_DOUBLE_EQ(figures.others->perplexity_sequence_mean, std::exp((1.0 + 2.0 + 3.0) / 3));
  EXPECT_DOUBLE_EQ(figures.others->accuracy, 4.0 / 12);
}

// Truncating e moves a perplexity by 7e-7 x loss of itself: wrong, and seen by nobody at one decimal.
TEST(ValidationSum, TruncatedEIsOffByLessThanADecimal) {
  const auto others = *Uneven(1).others;
  const double error = 1 - others.perplexity_truncated_e / others.perplexity_batch_mean;
  EXPECT_GT(error, 0);
  EXPECT_LT(error, 2e-6);
}

TEST(ValidationSum, BitsPerByteCountTheBytesOfTheText) {
  EXPECT_DOUBLE_EQ(*Uneven(1).bits_per_byte, 24.0 / (std::log(2.0) * 12));
  EXPECT_DOUBLE_EQ(*Uneven(4.5).bits_per_byte, 24.0 / (std::log(2.0) * 12 * 4.5));
}

TEST(ValidationSum, BitsPerByteAreLeftOutWhereNobodyKnowsTheBytes) {
  for (const auto& [name, value] : FiguresOf(Uneven(std::nullopt))) EXPECT_NE(name, "val_bits_per_byte");
}

TEST(ValidationSum, AgreeOnFullBatchesOfEqualSequences) {
  ValidationSum sum(2, 4, 1);
  for (const double nll : {4.0, 8.0, 6.0, 7.0}) sum.Add(nll, std::array{nll}, 2);
  const Evaluation figures = sum.Figures();
  EXPECT_NEAR(figures.others->perplexity_batch_mean, figures.perplexity, 1e-12);
  EXPECT_NEAR(figures.others->perplexity_sequence_mean, figures.perplexity, 1e-12);
}

TEST(ValidationSum, NamesOfTheFigures) {
  const auto listed = FiguresOf(Uneven(1));
  const std::map<std::string_view, double> figures(listed.begin(), listed.end());
  EXPECT_EQ(figures.size(), 7u);
  EXPECT_EQ(figures.at("val_loss"), 2.0);
  EXPECT_EQ(figures.at("val_accuracy"), 4.0 / 12);
  ValidationSum sum(2, 4, 1);
  sum.Add(2, 8.0);
  EXPECT_EQ(FiguresOf(sum.Figures()).size(), 3u);
}

}  // namespace
}  // namespace optfleet::trainer
