// Axes that vary together, and points that are left out.
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

TEST(Zip, LinkedKeysVaryTogetherAsOneAxis) {
  EXPECT_THAT(
      PointsOf("zip: {training.batch_size: [8, 16], training.clip_norm: [2, 1]}\ntraining.seed: [1, 2]\n"),
      ElementsAre("8 2 1", "8 2 2", "16 1 1", "16 1 2"));
  EXPECT_THAT(
      PointsOf("training.seed: [1, 2]\nzip: {training.batch_size: [8, 16], training.clip_norm: [2, 1]}\n"),
      ElementsAre("1 8 2", "1 16 1", "2 8 2", "2 16 1"))
      << "the last one fastest";
}

TEST(Zip, SeveralAndInBlocks) {
  EXPECT_THAT(PointsOf("zip:\n"
                       "  - {training.batch_size: [8, 16], training.clip_norm: [2, 1]}\n"
                       "  - {training.seed: [1, 2], optimizer.learning_rate: [1e-3, 1e-2]}\n"),
              ElementsAre("8 2 1 1e-3", "8 2 2 1e-2", "16 1 1 1e-3", "16 1 2 1e-2"));
  EXPECT_THAT(PointsOf("sweep:\n"
                       "  - zip: {training.batch_size: [8, 16], training.clip_norm: [2, 1]}\n"
                       "  - {training.batch_size: 4, training.clip_norm: 7}\n"),
              ElementsAre("8 2", "16 1", "4 7"));
}

TEST(Zip, NestedKeysRangesAndPresets) {
  EXPECT_THAT(PointsOf("zip:\n  training: {batch_size: {from: 8, to: 32, count: 3, spacing: log}}\n"
                       "  optimizer: {learning_rate: [1e-3, 2e-3, 3e-3]}\n"),
              ElementsAre("8 1e-3", "16 2e-3", "32 3e-3"));
  EXPECT_EQ(PointsOf("zip: {model.preset: [tiny-gpt2, tiny-llama], optimizer.learning_rate: [1e-3, 2e-3]}\n")
                .size(),
            2U);
}

TEST(Zip, AnOverrideTakesAKeyOut) {
  const std::string text = "zip: {training.batch_size: [8, 16], training.seed: [1, 2]}\n";
  EXPECT_THAT(PointsOf(text, {"training.seed=7"}), ElementsAre("8", "16"));
  EXPECT_EQ(PointsOf(text, {"training.seed=[7, 8]"}).size(), 4U) << "an axis of its own";
}

TEST(Zip, MistakesSayWhatAndWhere) {
  EXPECT_THAT(MistakesOf("zip: {training.batch_size: [8, 16], training.seed: [1, 2, 3]}\n"),
              HasSubstr("sweep.yaml:1:37: `training.seed` has 3 values, `training.batch_size` 2"));
  EXPECT_THAT(MistakesOf("zip: {training.batch_size: [8, 16], training.seed: 1}\n"),
              HasSubstr("`training.seed` in `zip` must be a list"));
  EXPECT_THAT(MistakesOf("zip: {training.batch_size: [8, 16]}\n"), HasSubstr("links at least two keys"));
  EXPECT_THAT(MistakesOf("zip: 3\n"), HasSubstr("`zip` must be a map of keys, or a list of such maps"));
  EXPECT_THAT(MistakesOf("zip:\n  - {training.sed: [1], training.batch_size: [2]}\n"),
              HasSubstr("did you mean `seed`?"));
  EXPECT_THAT(MistakesOf("training.seed: 1\nzip: {training.seed: [1, 2], training.batch_size: [2, 3]}\n"),
              HasSubstr("`training.seed` is given twice, first in line 1"));
}

TEST(Exclude, LeavesOutWhatHasAllTheValues) {
  const std::string grid = "optimizer: {name: [sgd, adamw], learning_rate: [1e-3, 1e-2, 1e-1]}\n";
  EXPECT_THAT(PointsOf(grid + "exclude: {optimizer.name: sgd, optimizer.learning_rate: [1e-3, 0.01]}\n"),
              ElementsAre("sgd 1e-1", "adamw 1e-3", "adamw 1e-2", "adamw 1e-1"));
  EXPECT_THAT(PointsOf(grid + "exclude:\n  - optimizer.name: sgd\n  - optimizer: {learning_rate: 1e-1}\n"),
              ElementsAre("adamw 1e-3", "adamw 1e-2"));
  EXPECT_EQ(Expanded(grid + "exclude: {optimizer.name: sgd}\n").expansion->excluded_points, 3);
}

TEST(Exclude, OfABlockHoldsForThatBlock) {
  EXPECT_THAT(PointsOf("training.seed: [1, 2]\n"
                       "sweep:\n"
                       "  - {training.batch_size: 8, exclude: {training.seed: 1}}\n"
                       "  - {training.batch_size: 16}\n"),
              ElementsAre("2 8", "1 16", "2 16"));
}

TEST(Exclude, NumbersOfPointsAreThoseOfWhatIsLeft) {
  const auto result = Expanded(
      "optimizer: {name: [adamw, sgd], momentum: [0.8, 0.9]}\nexclude: {optimizer.name: sgd, "
      "optimizer.momentum: 0.8}\n");
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  EXPECT_EQ(result.expansion->jobs.size(), 2U);
  ASSERT_EQ(result.expansion->merged_points.size(), 1U);
  EXPECT_EQ(result.expansion->merged_points.at(0).point, 2);
  EXPECT_EQ(result.expansion->points, 3);
}

TEST(Exclude, MistakesSayWhatAndWhere) {
  EXPECT_THAT(MistakesOf("training.seed: [1, 2]\nexclude: {training.seed: [1, 2]}\n"),
              HasSubstr("sweep.yaml:2:11: `exclude` leaves no point of the grid"));
  EXPECT_THAT(MistakesOf("exclude: [3]\n"), HasSubstr("`exclude` must be a map of keys"));
  EXPECT_THAT(MistakesOf("exclude: {training.seed: x}\n"), HasSubstr("`training.seed` must be"));
  EXPECT_THAT(Expanded("name: x\n", {"exclude=1"}).diagnostics.Render(), HasSubstr("cannot be set here"));
}

}  // namespace
}  // namespace optfleet::sweeps
