// Points drawn in rounds by TPE: each from what the rounds before came to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sweeps/going_on.h"

namespace optfleet::sweeps {
namespace {

using testing::FromOneThousandth;
using ::testing::HasSubstr;
using testing::MistakesOf;
using Search = testing::GoingOn;

const std::string kRate =
    "optimizer.learning_rate: {from: 1e-6, to: 1, spacing: log}\nsample: {points: 30, method: tpe, batch: "
    "3}\n";

TEST(Rounds, AsManyAsThePointsNeedAndThePlanSaysSo) {
  Search search(kRate, FromOneThousandth);
  ASSERT_TRUE(search.last().expansion->in_rounds);
  ASSERT_EQ(search.last().expansion->stages.size(), 10U);
  EXPECT_EQ(search.last().expansion->stages[9].jobs, 3);
  int rounds = 1;
  while (search.Next()) ++rounds;
  EXPECT_EQ(rounds, 10);
  EXPECT_EQ(search.tried().size(), 30U);
}

TEST(Rounds, LaterOnesAreDrawnWhereEarlierOnesWereGood) {
  Search search(kRate, FromOneThousandth);
  search.ToTheEnd();
  EXPECT_LT(search.best(), 0.05) << "of six decades";
}

// The same search for the most of the negative.
TEST(Rounds, ADirectionOfTheObjectiveIsFollowed) {
  const auto gain = [](const spec::TrainingSpec& spec) { return -FromOneThousandth(spec); };
  Search less(kRate, FromOneThousandth);
  Search more(kRate + "objective: val_loss maximize\n", gain);
  while (less.Next() && more.Next()) {
  }
  EXPECT_EQ(more.tried(), less.tried());
}

TEST(Rounds, TheSameHistoryLeadsToTheSamePoints) {
  Search one(kRate, FromOneThousandth);
  Search other(kRate, FromOneThousandth);
  for (int round = 0; round < 5; ++round) {
    one.Next();
    other.Next();
  }
  EXPECT_EQ(one.tried(), other.tried());
  Search seeded(kRate + "replicates: 1\n", FromOneThousandth);
  EXPECT_EQ(seeded.tried().front().substr(0, 4), one.tried().front().substr(0, 4));
}

TEST(Rounds, EachBlockIsSearchedByItself) {
  Search search(
      "sample: {points: 8, method: tpe, batch: 2}\n"
      "sweep:\n  - {optimizer.name: adam, optimizer.learning_rate: {from: 1e-5, to: 1e-1, spacing: log}}\n"
      "  - {optimizer.name: sgd, optimizer.learning_rate: {from: 1e-3, to: 10, spacing: log}}\n",
      FromOneThousandth);
  search.ToTheEnd();
  EXPECT_EQ(search.tried().size(), 16U);
}

TEST(Rounds, EachCombinationOfListsIsSearchedByItself) {
  Search search(kRate +
                    "optimizer.name: [adam, sgd]\noptimizer.momentum: {values: [0.8, 0.9], when: "
                    "optimizer.name == sgd}\n",
                FromOneThousandth);
  search.ToTheEnd();
  EXPECT_EQ(search.tried().size(), 90U) << "adam, and sgd with two momenta";
}

TEST(Largest, IsFoundForEachCombinationFromThePrediction) {
  Search search(
      "training.micro_batch: {largest: {from: 1, to: 256}}\ntraining.batch_size: ${training.micro_batch}\n"
      "model.layers: [1, 2]\nresources.memory: 20MB\n",
      [](const spec::TrainingSpec& spec) {
        return spec.training.micro_batch > (spec.model.layers == 1 ? 37 : 21) ? std::nan("") : 1.0;
      });
  int rounds = 1;
  while (search.Next()) ++rounds;
  EXPECT_THAT(search.tried(), ::testing::Contains("37 1"));
  EXPECT_THAT(search.tried(), ::testing::Contains("38 1"));
  EXPECT_THAT(search.tried(), ::testing::Contains("21 2"));
  EXPECT_THAT(search.tried(), ::testing::Contains("22 2"));
  EXPECT_LE(search.tried().size(), 24U);
}

TEST(Largest, RoundsInWhichNothingIsTriedAnyMoreAreNoMistake) {
  Search search(
      "training.micro_batch: {largest: {from: 1, to: 64}}\ntraining.batch_size: ${training.micro_batch}\n"
      "exclude:\n  - {model.layers: [7]}\nmodel.layers: [1, 7]\n",
      [](const spec::TrainingSpec& spec) { return spec.training.micro_batch > 2 ? std::nan("") : 1.0; });
  search.ToTheEnd();
  EXPECT_TRUE(search.last().expansion);
  EXPECT_EQ(search.last().expansion->jobs.size(), 0U);
}

TEST(Largest, MistakesSayWhatIsExpected) {
  EXPECT_THAT(MistakesOf("training.micro_batch: {largest: 8}\n"), HasSubstr("must be a range"));
  EXPECT_THAT(MistakesOf("optimizer.learning_rate: {largest: {from: 1e-3, to: 1}}\n"),
              HasSubstr("must be a range of whole numbers"));
  EXPECT_THAT(
      MistakesOf(
          "training.micro_batch: {largest: {from: 1, to: 8}}\nmodel.layers: {largest: {from: 1, to: 8}}\n"),
      HasSubstr("cannot stand beside a search for the largest"));
}

TEST(Rounds, ChoicesAndWholeNumbersAndSeedsToo) {
  Search search(
      "sample: {points: 6, method: tpe, batch: 2}\nreplicates: 2\nmodel.layers: {from: 1, to: 4}\n"
      "model.mlp: {choose: [relu, gelu]}\n",
      [](const spec::TrainingSpec& spec) { return static_cast<double>(spec.model.layers); });
  search.ToTheEnd();
  EXPECT_EQ(search.tried().size(), 12U) << "equal points are passed over";
  EXPECT_EQ(search.best(), 1);
}

TEST(Rounds, FailuresCountAsTheWorst) {
  Search search(kRate, [](const spec::TrainingSpec& spec) {
    return spec.optimizer.learning_rate > 1e-3 ? std::nan("") : FromOneThousandth(spec);
  });
  search.ToTheEnd();
  EXPECT_LT(search.best(), 0.2);
}

TEST(Rounds, MistakesSayWhatAndWhere) {
  EXPECT_THAT(MistakesOf("sample.method: tpe\noptimizer.learning_rate: {from: 1e-4, to: 1}\n"),
              HasSubstr("needs `sample.points`"));
  EXPECT_THAT(MistakesOf("sample: {points: 4, batch: 2}\noptimizer.learning_rate: {from: 1e-4, to: 1}\n"),
              HasSubstr("`sample.batch` is for `method: tpe`"));
  EXPECT_THAT(MistakesOf("sample: {points: 4, method: tpe}\n"), HasSubstr("no key to draw points of"));
  EXPECT_THAT(
      MistakesOf("sample: {points: 4000, method: tpe}\noptimizer.learning_rate: {from: 1e-4, to: 1}\n"),
      HasSubstr("more than 500 rounds"));
  EXPECT_THAT(
      MistakesOf(
          "sample: {points: 40000, method: tpe, batch: 1000}\ntraining.seed: {from: 1, to: 30, count: 30}\n"
          "optimizer.learning_rate: {from: 1e-4, to: 1}\n"),
      HasSubstr("the rounds have more than 1,000,000 points together"));
  EXPECT_THAT(MistakesOf("sample: {points: 4, method: bayes}\n"), HasSubstr("must be sobol, random or tpe"));
}

}  // namespace
}  // namespace optfleet::sweeps
