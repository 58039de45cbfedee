// Points drawn in rounds by TPE: each from what the rounds before came to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "spec/training_spec.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;

// A sweep that goes on round after round; a job's loss is a function of its spec.
class Search {
 public:
  using Loss = double (*)(const spec::TrainingSpec& spec);

  Search(const std::string& text, Loss loss) : text_(testing::kEnough), loss_(loss) {
    text_ += text;
    input_.files.push_back({"sweep.yaml", text_, ""});
    Take();
  }

  // False behind the last round.
  bool Next() {
    const StageStart start = ChooseStart(input_, [&](const std::string& hash, const std::string&) {
      const double value = losses_.at(hash);
      return std::isnan(value) ? std::nullopt : std::optional(value);
    });
    if (start.round.empty()) return false;
    input_.progress.bases.emplace_back();
    input_.progress.rounds.push_back(start.round);
    Take();
    return true;
  }

  const std::vector<std::string>& tried() const { return tried_; }  // values on the axes, of new jobs
  double best() const { return best_; }
  const ExpandResult& last() const { return last_; }

 private:
  void Take() {
    last_ = ExpandSweep(input_);
    ASSERT_TRUE(last_.expansion) << last_.diagnostics.Render();
    input_.progress.axes = last_.expansion->axes;
    for (const Job& job : last_.expansion->jobs) {
      const double value = loss_(job.spec);
      if (!losses_.emplace(job.hash, value).second) continue;
      std::string row;
      for (const std::string& one : job.values) row += (row.empty() ? "" : " ") + one;
      tried_.push_back(row);
      if (value < best_) best_ = value;
    }
  }

  std::string text_;
  Loss loss_;
  SweepInput input_;
  ExpandResult last_;
  std::map<std::string, double> losses_;
  std::vector<std::string> tried_;
  double best_ = 1e9;
};

double FromOneThousandth(const spec::TrainingSpec& spec) {
  return std::fabs(std::log10(spec.optimizer.learning_rate) + 3);
}

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
  while (search.Next()) {
  }
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
  while (search.Next()) {
  }
  EXPECT_EQ(search.tried().size(), 16U);
}

TEST(Rounds, EachCombinationOfListsIsSearchedByItself) {
  Search search(kRate +
                    "optimizer.name: [adam, sgd]\noptimizer.momentum: {values: [0.8, 0.9], when: "
                    "optimizer.name == sgd}\n",
                FromOneThousandth);
  while (search.Next()) {
  }
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
  while (search.Next()) {
  }
  EXPECT_EQ(search.tried().size(), 12U) << "equal points are passed over";
  EXPECT_EQ(search.best(), 1);
}

TEST(Rounds, FailuresCountAsTheWorst) {
  Search search(kRate, [](const spec::TrainingSpec& spec) {
    return spec.optimizer.learning_rate > 1e-3 ? std::nan("") : FromOneThousandth(spec);
  });
  while (search.Next()) {
  }
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
  EXPECT_THAT(MistakesOf(kRate + "stages:\n  - {name: a}\n"), HasSubstr("cannot be used with `stages`"));
  EXPECT_THAT(MistakesOf("sample: {points: 4, method: bayes}\n"), HasSubstr("must be sobol, random or tpe"));
}

}  // namespace
}  // namespace optfleet::sweeps
