// The key `replicates`.
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

TEST(Replicates, EachPointRunsWithSeedsThatFollowEachOther) {
  EXPECT_THAT(PointsOf("replicates: 2\noptimizer.learning_rate: [1e-3, 3e-3]\n"),
              ElementsAre("1e-3 0", "1e-3 1", "3e-3 0", "3e-3 1"));
  EXPECT_THAT(PointsOf("replicates: 3\n"), ElementsAre("0", "1", "2"));
}

TEST(Replicates, TheFirstSeedIsTheOneThatIsGiven) {
  EXPECT_THAT(PointsOf("training.seed: 40\nreplicates: 2\noptimizer.learning_rate: [1e-3, 3e-3]\n"),
              ElementsAre("1e-3 40", "1e-3 41", "3e-3 40", "3e-3 41"))
      << "the seeds change fastest wherever the key stands";
  EXPECT_THAT(PointsOf("replicates: 2\n", {"training.seed=7"}), ElementsAre("7", "8"));
}

TEST(Replicates, HoldsForEveryBlockAndMayBeOverridden) {
  const std::string text =
      "replicates: 2\nsweep:\n  - optimizer.name: sgd\n  - {optimizer.name: adamw, training.seed: 5}\n";
  EXPECT_THAT(PointsOf(text), ElementsAre("sgd 0", "sgd 1", "adamw 5", "adamw 6"));
  EXPECT_THAT(PointsOf(text, {"replicates=1"}), ElementsAre("sgd 0", "adamw 5"));
}

TEST(Replicates, ItsJobsAreThoseOfAListOfSeeds) {
  const auto by_count = Expanded("replicates: 3\n");
  const auto by_hand = Expanded("training.seed: [0, 1, 2]\n");
  ASSERT_TRUE(by_count.expansion && by_hand.expansion);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(by_count.expansion->jobs.at(i).hash, by_hand.expansion->jobs.at(i).hash);
}

TEST(Replicates, MistakesSayWhatAndWhere) {
  EXPECT_THAT(MistakesOf("training.seed: [1, 2]\nreplicates: 3\n"),
              HasSubstr("sweep.yaml:2:1: `replicates` and a list of `training.seed` are the same axis"));
  EXPECT_THAT(MistakesOf("replicates: 0\n"), HasSubstr("must be a whole number from 1 to 1,000, found 0"));
  EXPECT_THAT(MistakesOf("replicates: [1, 2]\n"), HasSubstr("cannot be an axis"));
  EXPECT_THAT(MistakesOf("sweep:\n  - replicates: 2\n"), HasSubstr("cannot stand in a block"));
  EXPECT_THAT(MistakesOf("training.seed: 4294967295\nreplicates: 2\n"), HasSubstr("reaches seed 4294967296"));
}

}  // namespace
}  // namespace optfleet::sweeps
