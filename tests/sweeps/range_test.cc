// Axes written by their ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;
using testing::PointsOf;

TEST(SweepRange, LogarithmicEndsIncluded) {
  EXPECT_THAT(PointsOf("optimizer.learning_rate: {from: 1e-4, to: 1e-2, count: 5, spacing: log}\n"),
              ElementsAre("1e-4", "3.162e-4", "1e-3", "3.162e-3", "1e-2"));
  EXPECT_THAT(PointsOf("optimizer.learning_rate: {from: 1, to: 1e-3, count: 4, spacing: log}\n"),
              ElementsAre("1", "0.1", "0.01", "1e-3"))
      << "downwards";
}

TEST(SweepRange, LinearUnlessItIsSaid) {
  EXPECT_THAT(PointsOf("optimizer:\n  name: adamw\n  weight_decay: {from: 0, to: 0.1, count: 3}\n"),
              ElementsAre("0", "0.05", "0.1"));
}

TEST(SweepRange, WholeNumbersStayWholeAndComeOnce) {
  EXPECT_THAT(PointsOf("training.batch_size: {from: 8, to: 128, count: 5, spacing: log}\n"),
              ElementsAre("8", "16", "32", "64", "128"));
  EXPECT_THAT(PointsOf("training.batch_size: {from: 1, to: 3, count: 9}\n"), ElementsAre("1", "2", "3"));
}

TEST(SweepRange, AValueIsWhatItsTextSays) {
  const auto by_range = Expanded("optimizer.learning_rate: {from: 1e-4, to: 1e-3, count: 3, spacing: log}\n");
  const auto by_hand = Expanded("optimizer.learning_rate: [1e-4, 3.162e-4, 1e-3]\n");
  ASSERT_TRUE(by_range.expansion && by_hand.expansion);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(by_range.expansion->jobs.at(i).hash, by_hand.expansion->jobs.at(i).hash);
}

TEST(SweepRange, ItsEndsAreAsTheyAreWritten) {
  EXPECT_THAT(PointsOf("training.clip_norm: {from: 0.123456, to: 1.00005, count: 3}\n"),
              ElementsAre("0.123456", "0.5618", "1.00005"));
  EXPECT_THAT(PointsOf("training.batch_size: {from: 1048575, to: 1048576, count: 3}\n"),
              ElementsAre("1048575", "1048576"));
}

TEST(SweepRange, IsAnAxisAmongOthersAndMayBeOverridden) {
  const std::string text =
      "training.seed: [1, 2]\noptimizer.learning_rate: {from: 1e-4, to: 1e-3, count: 3, spacing: log}\n";
  EXPECT_EQ(PointsOf(text).size(), 6U);
  EXPECT_EQ(PointsOf(text, {"optimizer.learning_rate=1e-2"}).size(), 2U);
  EXPECT_EQ(
      PointsOf("training.seed: 1\n", {"optimizer.learning_rate={from: 1e-4, to: 1e-3, count: 4}"}).size(),
      4U);
}

TEST(SweepRange, MistakesSayWhatAndWhere) {
  const std::string all = MistakesOf(
      "optimizer:\n  learning_rate: {form: 1e-4, to: x, count: 1.5, spacing: lgo}\n"
      "  name: {from: 1, to: 2, count: 3}\n");
  EXPECT_THAT(all, HasSubstr("sweep.yaml:2:19: the range of `optimizer.learning_rate` has no key `form`"));
  EXPECT_THAT(all, HasSubstr("did you mean `from`?"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:2:35: an end of the range of `optimizer.learning_rate` must be"));
  EXPECT_THAT(all, HasSubstr("`count` must be a whole number from 2 to 10,000, found 1.5"));
  EXPECT_THAT(all, HasSubstr("`spacing` must be linear or log, found lgo"));
  EXPECT_THAT(all, HasSubstr("sweep.yaml:3:9: `optimizer.name` must be"));
  EXPECT_THAT(MistakesOf("optimizer.learning_rate: {from: 1e-4, to: 1e-3}\n"),
              HasSubstr("give a `count` for an axis"));
  EXPECT_THAT(MistakesOf("optimizer.learning_rate: {from: 1e-3, to: 1e-3, count: 2}\n"),
              HasSubstr("begins where it ends"));
  EXPECT_THAT(
      MistakesOf("optimizer: {name: adamw, weight_decay: {from: 0, to: 1, count: 2, spacing: log}}\n"),
      HasSubstr("must be above 0"));
  EXPECT_THAT(MistakesOf("checkpoint.every_steps: {from: 1, to: 5, count: 3}\n"),
              HasSubstr("cannot be an axis"));
  EXPECT_THAT(MistakesOf("training.batch_size: {from: -1, to: 5, count: 3}\n"),
              HasSubstr("an end of the range"));
}

}  // namespace
}  // namespace optfleet::sweeps
