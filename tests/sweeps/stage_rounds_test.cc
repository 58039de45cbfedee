// Stages that find their points in rounds: by TPE, or in search of the largest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/sweeps/going_on.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using testing::FromOneThousandth;
using testing::GoingOn;
using ::testing::HasSubstr;
using testing::MistakesOf;
using ::testing::StartsWith;

constexpr const char* kRatesThenSeeds = R"(
stages:
  - name: rates
    sample: {points: 12, method: tpe, batch: 4}
    optimizer.learning_rate: {from: 1e-6, to: 1, spacing: log}
  - name: seeds
    base: best(rates)
    replicates: 3
)";

std::vector<std::string> Of(const std::string& stage, const std::vector<std::string>& rows) {
  std::vector<std::string> found;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(found),
               [&](const std::string& row) { return row.starts_with(stage + " "); });
  return found;
}

TEST(StageRounds, RunOneAfterAnotherBeforeTheNextStage) {
  GoingOn sweep(kRatesThenSeeds, FromOneThousandth);
  for (size_t round = 1; round <= 3; ++round) {
    EXPECT_EQ(sweep.last().expansion->jobs.size(), 4U);
    EXPECT_EQ(Of("rates", sweep.tried()).size(), 4 * round);
    EXPECT_TRUE(sweep.Next());
  }
  EXPECT_EQ(sweep.last().expansion->jobs.size(), 3U);
  EXPECT_EQ(Of("seeds", sweep.tried()).size(), 2U) << "the best itself has been trained";
  EXPECT_FALSE(sweep.Next());
}

TEST(StageRounds, ThePlanHasAllOfThemWithTheirJobs) {
  const GoingOn sweep(kRatesThenSeeds, FromOneThousandth);
  EXPECT_FALSE(sweep.last().expansion->in_rounds) << "the file has stages";
  ASSERT_EQ(sweep.plan().size(), 4U);
  for (int32_t round = 0; round < 3; ++round) {
    const StagePlan& plan = sweep.plan()[static_cast<size_t>(round)];
    EXPECT_EQ(plan.name, "rates");
    EXPECT_EQ(plan.round, round + 1);
    EXPECT_EQ(plan.jobs, 4);
  }
  EXPECT_EQ(sweep.plan()[3].name, "seeds");
  EXPECT_EQ(sweep.plan()[3].round, 0);
  EXPECT_EQ(sweep.plan()[3].base, "best(rates)");
  EXPECT_EQ(sweep.plan()[3].bases, 1);
  EXPECT_EQ(sweep.plan()[3].jobs, 3);
}

TEST(StageRounds, TheBestIsOfAllRounds) {
  GoingOn sweep(kRatesThenSeeds, [](const spec::TrainingSpec& spec) {
    return std::fabs(std::log10(spec.optimizer.learning_rate) + 2.2);
  });
  const double first = sweep.best();
  sweep.ToTheEnd();
  ASSERT_LT(sweep.best(), first) << "it is found in a later round";
  const auto seeds = Of("seeds", sweep.tried());
  ASSERT_EQ(seeds.size(), 2U);
  EXPECT_NEAR(std::fabs(std::log10(std::stod(seeds[0].substr(6))) + 2.2), sweep.best(), 1e-3) << seeds[0];
}

TEST(StageRounds, EachBaseIsSearchedByItself) {
  GoingOn sweep(
      "stages:\n  - {name: a, optimizer.name: [adam, sgd]}\n"
      "  - name: b\n    base: best(a, per optimizer.name)\n    sample: {points: 16, method: tpe, batch: 4}\n"
      "    optimizer.learning_rate: {from: 1e-6, to: 1, spacing: log}\n"
      "  - {name: c, base: 'best(b, per optimizer.name)', training.seed: 7}\n",
      [](const spec::TrainingSpec& spec) {
        const double best = spec.optimizer.name == spec::OptimizerKind::kAdam ? -5 : -1;
        return std::fabs(std::log10(spec.optimizer.learning_rate) - best);
      });
  sweep.ToTheEnd();
  EXPECT_EQ(Of("b adam", sweep.tried()).size(), 16U);
  EXPECT_EQ(Of("b sgd", sweep.tried()).size(), 16U);
  const auto last = Of("c", sweep.tried());
  ASSERT_EQ(last.size(), 2U);
  const auto rate_of = [](const std::string& row) { return std::stod(row.substr(row.find(' ', 2) + 1)); };
  EXPECT_THAT(last[0], StartsWith("c adam"));
  EXPECT_NEAR(std::log10(rate_of(last[0])), -5, 0.7);
  EXPECT_THAT(last[1], StartsWith("c sgd"));
  EXPECT_NEAR(std::log10(rate_of(last[1])), -1, 0.7);
}

TEST(StageRounds, WhatIsKeptOfOneGivesTheSamePointsAgain) {
  GoingOn sweep(kRatesThenSeeds, FromOneThousandth);
  sweep.Next();
  GoingOn restarted = sweep.Restarted();
  sweep.ToTheEnd();
  restarted.ToTheEnd();
  EXPECT_EQ(sweep.tried(), restarted.tried());
}

TEST(StageRounds, AStageWithNothingToDrawHasNone) {
  GoingOn sweep(
      "sample: {points: 8, method: tpe, batch: 4}\n"
      "optimizer.learning_rate: {from: 1e-6, to: 1, spacing: log}\n"
      "stages:\n  - {name: rates}\n  - {name: seeds, base: best(rates), training.seed: [1, 2]}\n"
      "  - {name: again, training.seed: 3}\n",
      FromOneThousandth);
  EXPECT_EQ(sweep.plan().size(), 5U) << "two rounds, the seeds of what was found, and again two rounds";
  sweep.ToTheEnd();
  EXPECT_EQ(Of("rates", sweep.tried()).size(), 8U);
  EXPECT_EQ(Of("seeds", sweep.tried()).size(), 2U);
  EXPECT_EQ(Of("again", sweep.tried()).size(), 8U);
}

TEST(StageRounds, OneMethodForOneStageAndAnotherForTheNext) {
  GoingOn sweep(
      "sample: {points: 6, method: tpe, batch: 2}\n"
      "stages:\n  - {name: a, optimizer.learning_rate: {from: 1e-6, to: 1, spacing: log}}\n"
      "  - {name: b, base: best(a), sample.method: sobol, optimizer.weight_decay: {from: 0, to: 1}}\n",
      FromOneThousandth);
  EXPECT_EQ(sweep.plan().size(), 4U);
  sweep.ToTheEnd();
  EXPECT_EQ(Of("b", sweep.tried()).size(), 6U);
}

TEST(StageRounds, TheLargestThatRunsIsWhereTheNextStageStarts) {
  GoingOn sweep(
      "resources.memory: 20MB\n"
      "stages:\n  - name: fit\n    budget.steps: 3\n    model.layers: [1, 2]\n"
      "    training: {micro_batch: {largest: {from: 1, to: 64}}, batch_size: \"${training.micro_batch}\"}\n"
      "  - name: rates\n    base: best(fit, by peak_memory_bytes maximize, per model.layers)\n"
      "    budget.steps: 50\n    optimizer.learning_rate: [1e-3, 1e-2]\n",
      [](const spec::TrainingSpec& spec) {
        return spec.training.micro_batch > (spec.model.layers == 1 ? 37 : 21)
                   ? std::nan("")
                   : static_cast<double>(spec.training.micro_batch);
      });
  sweep.ToTheEnd();
  EXPECT_THAT(sweep.metrics(), ElementsAre("peak_memory_bytes"));
  const auto rows = Of("rates", sweep.tried());
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_THAT(rows[0], HasSubstr("37"));
  EXPECT_THAT(rows[3], HasSubstr("21"));
}

TEST(StageRounds, AnOverrideIsLaidOverWhatAStageSaysOfThem) {
  GoingOn sweep(kRatesThenSeeds, FromOneThousandth, {"sample.points=2", "sample.batch=1", "replicates=2"});
  EXPECT_EQ(sweep.plan().size(), 3U);
  sweep.ToTheEnd();
  EXPECT_EQ(Of("rates", sweep.tried()).size(), 4U) << "two points of two seeds";
}

TEST(StageRounds, MistakesSayWhatAndWhere) {
  EXPECT_THAT(MistakesOf("stages:\n  - {name: a, sample.method: tpe, model.layers: {from: 1, to: 4}}\n"),
              HasSubstr("needs `sample.points`"));
  EXPECT_THAT(
      MistakesOf("stages:\n  - {name: a}\n  - {name: b, base: best(a), sample: {points: 4, method: tpe}}\n"),
      HasSubstr("`sample` has no key to draw points of"));
  EXPECT_THAT(MistakesOf("sample: {points: 1200, method: tpe}\noptimizer.learning_rate: {from: 1e-4, to: 1}\n"
                         "stages:\n  - {name: a}\n  - {name: b}\n"),
              HasSubstr("the stages have more than 500 rounds together"));
  EXPECT_THAT(MistakesOf("stages:\n  - {name: a}\n  - name: b\n    base: best(a)\n"
                         "    model.layers: {largest: {from: 1, to: 8}}\n    sample.points: 4\n"
                         "    optimizer.learning_rate: {from: 1e-4, to: 1}\n"),
              HasSubstr("cannot stand beside a search for the largest"));
  EXPECT_THAT(
      MistakesOf("stages:\n  - {name: a, sample: {points: 4, batch: 2}, model.layers: {from: 1, to: 4}}\n"),
      HasSubstr("`sample.batch` is for `method: tpe`"));
}

}  // namespace
}  // namespace optfleet::sweeps
