// The key `stages`: what each stage starts from, and which points that gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;

// "stage optimizer.name learning_rate ..." of each job.
std::vector<std::string> RowsOf(const ExpandResult& result) {
  std::vector<std::string> rows;
  if (!result.expansion) return {result.diagnostics.Render()};
  for (const Job& job : result.expansion->jobs) {
    std::string row;
    for (const std::string& value : job.values) row += (row.empty() ? "" : " ") + value;
    rows.push_back(row);
  }
  return rows;
}

// A sweep with stages as it goes on: what its jobs came to is told, and the next stage follows.
class Staged {
 public:
  explicit Staged(std::string text) {
    text_ = "data.path: /d.txt\nbudget.steps: 10\n" + std::move(text);
    input_.files.push_back({"sweep.yaml", text_, ""});
    Take(ExpandSweep(input_));
  }

  // Values of the jobs of the last stage, in order; NaN: it has none.
  void End(const std::vector<double>& values) {
    ASSERT_EQ(values.size(), jobs_.size());
    for (size_t i = 0; i < jobs_.size(); ++i) value_of_[jobs_[i].hash] = values[i];
    input_.progress.bases.push_back(
        ChooseStart(input_, [&](const std::string& hash, const std::string& metric) -> std::optional<double> {
          metrics_.insert(metric);
          const auto found = value_of_.find(hash);
          if (found == value_of_.end() || std::isnan(found->second)) return std::nullopt;
          return found->second;
        }).bases);
    Take(ExpandSweep(input_));
  }

  const std::vector<std::string>& rows() const { return rows_; }
  const std::vector<StagePlan>& plan() const { return plan_; }
  size_t bases() const { return input_.progress.bases.back().size(); }
  const std::set<std::string>& metrics() const { return metrics_; }

 private:
  void Take(const ExpandResult& result) {
    rows_ = RowsOf(result);
    if (!result.expansion) return;
    jobs_ = result.expansion->jobs;
    plan_ = result.expansion->stages;
    input_.progress.axes = result.expansion->axes;
  }

  std::string text_;
  SweepInput input_;
  std::vector<std::string> rows_;
  std::vector<Job> jobs_;
  std::vector<StagePlan> plan_;
  std::map<std::string, double> value_of_;
  std::set<std::string> metrics_;
};

// The protocol of seed 3: rate and batch with Adam, then the rate of each other optimizer at that batch, then
// the best of each over three seeds.
constexpr const char* kProtocol = R"(
stages:
  - name: batch
    optimizer.name: adam
    optimizer.learning_rate: [1e-3, 3e-3]
    training.batch_size: [8, 16]
  - name: rates
    base: best(batch)
    optimizer.name: [sgd, lion]
    optimizer.learning_rate: [1e-4, 1e-2]
  - name: seeds
    base: best(batch + rates, per optimizer.name)
    replicates: 3
)";

TEST(Stages, EachStartsFromTheBestOfEarlierOnes) {
  Staged sweep(kProtocol);
  EXPECT_THAT(sweep.rows(), ElementsAre("batch adam 1e-3 8 0", "batch adam 1e-3 16 0", "batch adam 3e-3 8 0",
                                        "batch adam 3e-3 16 0"));
  sweep.End({3, 2, 4, 5});
  EXPECT_THAT(sweep.rows(), ElementsAre("rates sgd 1e-4 16 0", "rates sgd 1e-2 16 0", "rates lion 1e-4 16 0",
                                        "rates lion 1e-2 16 0"));
  sweep.End({9, 8, 6, 7});
  EXPECT_THAT(sweep.rows(),
              ElementsAre("seeds adam 1e-3 16 0", "seeds adam 1e-3 16 1", "seeds adam 1e-3 16 2",
                          "seeds sgd 1e-2 16 0", "seeds sgd 1e-2 16 1", "seeds sgd 1e-2 16 2",
                          "seeds lion 1e-4 16 0", "seeds lion 1e-4 16 1", "seeds lion 1e-4 16 2"));
}

TEST(Stages, APlanCountsThoseToComeAsIfTheFirstJobsWereTheBest) {
  const Staged sweep(kProtocol);
  ASSERT_EQ(sweep.plan().size(), 3U);
  EXPECT_EQ(sweep.plan()[0].jobs, 4);
  EXPECT_EQ(sweep.plan()[0].base, "");
  EXPECT_EQ(sweep.plan()[1].name, "rates");
  EXPECT_EQ(sweep.plan()[1].base, "best(batch)");
  EXPECT_EQ(sweep.plan()[1].bases, 1);
  EXPECT_EQ(sweep.plan()[1].jobs, 4);
  EXPECT_EQ(sweep.plan()[2].bases, 3);
  EXPECT_EQ(sweep.plan()[2].jobs, 9);
}

TEST(Stages, ABestThatIsKnownAlreadyKeepsItsHash) {
  Staged sweep(
      "stages:\n  - name: a\n    optimizer.learning_rate: [1e-3, 3e-3]\n"
      "  - name: b\n    base: best(a)\n    training.seed: [0, 1]\n");
  const auto first = Expanded("optimizer.learning_rate: 3e-3\ntraining.seed: [0, 1]\n");
  sweep.End({2, 1});
  EXPECT_THAT(sweep.rows(), ElementsAre("b 3e-3 0", "b 3e-3 1"));
}

TEST(Stages, SeveralOfAGroupByAnotherMetricAndTheOtherWayRound) {
  Staged sweep(
      "stages:\n  - name: a\n    optimizer.learning_rate: [1e-3, 2e-3, 3e-3]\n"
      "  - name: b\n    base: best(2 of a, by tokens_per_second maximize)\n    model.layers: 2\n");
  sweep.End({10, 30, 20});
  EXPECT_THAT(sweep.rows(), ElementsAre("b 2e-3", "b 3e-3"));
  EXPECT_THAT(sweep.metrics(), ElementsAre("tokens_per_second"));
}

TEST(Stages, JobsThatDifferInTheirSeedAreOneByTheirMean) {
  Staged sweep(
      "stages:\n  - name: a\n    optimizer.learning_rate: [1e-3, 2e-3, 3e-3]\n    replicates: 2\n"
      "  - name: b\n    base: best(a)\n    model.layers: 2\n");
  sweep.End({1, 9, 4, 4, 0, std::nan("")});
  EXPECT_THAT(sweep.rows(), ElementsAre("b 2e-3 0")) << "the least of all had a seed without a value";
}

TEST(Stages, WhatIsComputedFollowsTheStage) {
  Staged sweep(
      "training.micro_batch: ${min(training.batch_size, 4)}\noptimizer.weight_decay: "
      "${if(training.batch_size > 8, 0.2, 0.1)}\n"
      "stages:\n  - name: a\n    training.batch_size: [4, 8]\n"
      "  - name: b\n    base: best(a)\n    training.batch_size: [16, 32]\n");
  sweep.End({1, 2});
  EXPECT_THAT(sweep.rows(), ElementsAre("b 16", "b 32"));
}

TEST(Stages, AConditionOfTheBestIsGoneWithIt) {
  Staged sweep(
      "stages:\n  - name: a\n    optimizer.name: [sgd, adamw]\n"
      "    optimizer.momentum: {values: [0.8, 0.9], when: optimizer.name == sgd}\n"
      "  - name: b\n    base: best(a)\n    training.seed: [1, 2]\n");
  sweep.End({2, 3, 1});
  EXPECT_EQ(sweep.rows().size(), 2U);
  EXPECT_THAT(sweep.rows().front(), HasSubstr("b adamw"));
}

TEST(Stages, BlocksOfAStageAreLaidOverEachOfItsBases) {
  Staged sweep(
      "stages:\n  - name: a\n    optimizer.name: [adam, sgd]\n"
      "  - name: b\n    base: best(a, per optimizer.name)\n"
      "    sweep: [{model.layers: 2}, {model.layers: 4, training.seed: [0, 1]}]\n");
  sweep.End({1, 2});
  EXPECT_THAT(sweep.rows(),
              ElementsAre("b adam 2 0", "b adam 4 0", "b adam 4 1", "b sgd 2 0", "b sgd 4 0", "b sgd 4 1"));
}

TEST(Stages, WithoutABaseAStageStartsFromTheFile) {
  Staged sweep(
      "model.layers: 2\nstages:\n  - {name: a, training.seed: [0, 1]}\n  - {name: b, training.seed: 7}\n");
  sweep.End({1, 2});
  EXPECT_THAT(sweep.rows(), ElementsAre("b 7"));
}

TEST(Stages, NothingIsChosenWhereNoJobHasAValue) {
  Staged sweep(
      "stages:\n  - {name: a, training.seed: [0, 1]}\n  - {name: b, base: best(a), model.layers: 2}\n");
  sweep.End({std::nan(""), std::nan("")});
  EXPECT_EQ(sweep.bases(), 0U);
}

TEST(Stages, AKeyNeedsAReaderInSomeStage) {
  EXPECT_TRUE(Expanded("optimizer.momentum: 0.8\nstages:\n  - {name: a, optimizer.name: adamw}\n"
                       "  - {name: b, base: best(a), optimizer.name: sgd}\n")
                  .expansion);
  EXPECT_THAT(MistakesOf("optimizer.momentum: 0.8\nstages:\n  - {name: a, optimizer.name: adamw}\n"
                         "  - {name: b, base: best(a), optimizer.name: lion}\n"),
              HasSubstr("momentum"));
}

TEST(Stages, MistakesOfLaterOnesAreFoundAtOnce) {
  EXPECT_THAT(MistakesOf("stages:\n  - {name: a, training.seed: [0, 1]}\n"
                         "  - {name: b, base: best(a), model.width: 100, model.heads: 3}\n"),
              HasSubstr("sweep.yaml:3:"));
  EXPECT_THAT(MistakesOf("stages:\n  - {name: a}\n  - {name: b, base: best(c)}\n"),
              HasSubstr("there is no earlier stage `c`"));
  EXPECT_THAT(MistakesOf("stages:\n  - {name: a}\n  - {name: a}\n"), HasSubstr("there are two stages `a`"));
  EXPECT_THAT(MistakesOf("stages:\n  - {name: A b}\n"), HasSubstr("must be a word"));
  EXPECT_THAT(MistakesOf("stages:\n  - {training.seed: 1}\n"), HasSubstr("a stage needs a `name`"));
  EXPECT_THAT(MistakesOf("stages: []\n"), HasSubstr("must be a list of stages"));
  EXPECT_THAT(MistakesOf("stages:\n  - {name: a, objective: loss}\n"), HasSubstr("cannot stand in a stage"));
  EXPECT_THAT(MistakesOf("sweep: [{}]\nstages:\n  - {name: a}\n"), HasSubstr("cannot stand beside `stages`"));
  EXPECT_THAT(MistakesOf("sweep:\n  - stages: [{name: a}]\n"), HasSubstr("cannot stand in a block"));
}

// Of such an axis there is no value to tell jobs apart by.
TEST(Stages, AListWithoutAnAllowedValueIsAMistakeLikeOthers) {
  EXPECT_THAT(
      MistakesOf("optimizer.weight_decay: [xavier]\nstages:\n  - {name: a, optimizer.learning_rate: [1e-3, "
                 "2e-3]}\n  - {name: b, base: best(a)}\n"),
      HasSubstr("`optimizer.weight_decay` must be a number"));
}

TEST(Stages, AllTogetherHaveALimit) {
  EXPECT_THAT(
      MistakesOf("stages:\n  - {name: a, training.batch_size: {from: 1, to: 1000, count: 1000}}\n"
                 "  - {name: b, base: best(1000 of a), model.layers: {from: 1, to: 1000, count: 1000}}\n"),
      HasSubstr("more than 1,000,000 points"))
      << "a thousand points, and then a million";
}

TEST(Stages, ABaseThatIsNotUnderstoodSaysWhatIsExpected) {
  const auto mistakes = [](const std::string& base) {
    return MistakesOf("stages:\n  - {name: a}\n  - name: b\n    base: " + base + "\n");
  };
  EXPECT_THAT(mistakes("a"), HasSubstr("must be the best of a stage"));
  EXPECT_THAT(mistakes("best()"), HasSubstr("`base` names no stage"));
  EXPECT_THAT(mistakes("best(a, per optimizer.nam)"), HasSubstr("did you mean `optimizer.name`?"));
  EXPECT_THAT(mistakes("best(0 of a)"), HasSubstr("must be a whole number from 1 to 1,000"));
  EXPECT_THAT(mistakes("best(a, by Val)"), HasSubstr("must be the key of a metric"));
  EXPECT_THAT(mistakes("best(a, by val_loss highest)"), HasSubstr("maximize"));
  EXPECT_THAT(mistakes("best(a, b)"), HasSubstr("`b` is not understood in `base`"));
  EXPECT_THAT(mistakes("[best(a)]"), HasSubstr("must be the best of a stage"));
}

TEST(Stages, AxesOfALongerFileStandBehindThoseOfTheSweep) {
  SweepInput input =
      testing::OneFile(testing::kEnough +
                       "stages:\n"
                       "  - {name: a, optimizer.weight_decay: [0, 0.1], training.seed: [1, 2]}\n");
  input.progress.axes = {"stage", "training.seed"};
  const auto result = ExpandSweep(input);
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  EXPECT_THAT(result.expansion->axes, ElementsAre("stage", "training.seed", "optimizer.weight_decay"));
}

TEST(Stages, DrawTheirOwnSamples) {
  Staged sweep(
      "stages:\n  - name: a\n    sample.points: 2\n    optimizer.learning_rate: {from: 1e-4, to: 1e-2, "
      "spacing: log}\n"
      "  - {name: b, base: best(a), training.seed: [1, 2]}\n");
  EXPECT_EQ(sweep.rows().size(), 2U);
  sweep.End({2, 1});
  EXPECT_EQ(sweep.rows().size(), 2U);
}

}  // namespace
}  // namespace optfleet::sweeps
