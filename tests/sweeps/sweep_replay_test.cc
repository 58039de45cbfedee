// Whole sweeps in virtual time: stages and rounds follow each other, and what is counted.
#include "sweeps/sweep_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kEnough;

// A hundred steps of a second, a value at each tenth, from 5 down to `end` in a line.
Curve Line(double end) {
  Curve curve{.points = {}, .steps = 100, .seconds_per_step = 1};
  for (int64_t step = 10; step <= 100; step += 10)
    curve.points.push_back({step, 5 + (end - 5) * static_cast<double>(step) / 100});
  return curve;
}

// Least at 1e-3, a decade further away 1 more.
double EndOf(const Job& job) { return 2 + std::fabs(std::log10(job.spec.optimizer.learning_rate) + 3); }

std::optional<Curve> ByRate(const Job& job) { return Line(EndOf(job)); }

SweepInput InputOf(const std::string& text) { return testing::OneFile(kEnough + text); }

Result<SweepOutcome> Try(const SweepInput& input, const CurveOf& curve_of, const SweepReplayPlan& plan = {}) {
  const ExpandResult expanded = ExpandSweep(input);
  EXPECT_TRUE(expanded.expansion) << expanded.diagnostics.Render();
  return ReplaySweep(input, *expanded.expansion, plan, curve_of);
}

SweepOutcome Outcome(const std::string& text, const CurveOf& curve_of, const SweepReplayPlan& plan = {}) {
  const auto outcome = Try(InputOf(text), curve_of, plan);
  EXPECT_TRUE(outcome) << outcome.error().message();
  return outcome.value_or(SweepOutcome());
}

constexpr const char* kRates = "optimizer.learning_rate: [1e-4, 1e-3, 1e-2, 1e-1]\n";

TEST(SweepReplay, AGridIsTrainedToItsEnd) {
  const SweepOutcome outcome = Outcome(kRates, ByRate, {.slots = 2});
  EXPECT_EQ(outcome.device_seconds, 400);
  EXPECT_EQ(outcome.seconds, 200);
  EXPECT_EQ(outcome.trained, 4);
  EXPECT_EQ(outcome.chosen, 2);
  EXPECT_EQ(outcome.least, 2);
  ASSERT_EQ(outcome.stages.size(), 1U);
  EXPECT_EQ(outcome.stages[0].name, "");
}

TEST(SweepReplay, ALaterStageStartsFromTheBestOfTheEarlierOne) {
  std::set<double> rates;
  const SweepOutcome outcome = Outcome(
      "model.layers: 1\nstages:\n  - {name: rates, optimizer.learning_rate: [1e-4, 1e-3, 1e-2]}\n"
      "  - {name: layers, base: best(rates), model.layers: [1, 2, 3]}\n",
      [&](const Job& job) {
        if (job.spec.model.layers > 1) rates.insert(job.spec.optimizer.learning_rate);
        return Line(EndOf(job) - 0.1 * static_cast<double>(job.spec.model.layers));
      },
      {.slots = 2});
  EXPECT_THAT(rates, ElementsAre(::testing::DoubleNear(1e-3, 1e-9)));
  ASSERT_EQ(outcome.stages.size(), 2U);
  EXPECT_EQ(outcome.stages[0].name, "rates");
  EXPECT_EQ(outcome.stages[0].device_seconds, 300);
  EXPECT_EQ(outcome.stages[0].seconds, 200) << "a stage waits for the last job of the one before";
  EXPECT_EQ(outcome.stages[1].jobs, 2) << "one layer has been trained";
  EXPECT_EQ(outcome.stages[1].trained, 2);
  EXPECT_EQ(outcome.device_seconds, outcome.stages[0].device_seconds + outcome.stages[1].device_seconds);
  EXPECT_NEAR(*outcome.chosen, 1.7, 1e-9);
}

constexpr const char* kDrawn =
    "sample: {points: 24, method: tpe, batch: 4}\n"
    "optimizer.learning_rate: {from: 1e-6, to: 1, spacing: log}\n";

TEST(SweepReplay, RoundsAreProposedFromWhatEarlierOnesCameTo) {
  const SweepOutcome outcome = Outcome(kDrawn, ByRate, {.slots = 4});
  ASSERT_EQ(outcome.stages.size(), 1U);
  EXPECT_EQ(outcome.stages[0].rounds, 6);
  EXPECT_EQ(outcome.stages[0].jobs, 24);
  EXPECT_EQ(outcome.seconds, 600) << "each round waits for the one before";
  EXPECT_LT(*outcome.chosen, 2.15) << "of six decades";
}

TEST(SweepReplay, BesideItAsManyPointsAtRandomAtOnce) {
  SweepInput input = InputOf(kDrawn);
  input.draws_at_random = true;
  const auto outcome = Try(input, ByRate, {.slots = 4});
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(outcome->stages[0].rounds, 1);
  EXPECT_EQ(outcome->stages[0].jobs, 24);
  EXPECT_EQ(outcome->seconds, 600);
  EXPECT_NE(outcome->chosen, Outcome(kDrawn, ByRate).chosen) << "other points";
}

TEST(SweepReplay, RungsAndRulesEndWhatIsNotWorthItsTime) {
  const std::string rates = "optimizer.learning_rate: {from: 1e-6, to: 1, count: 9, spacing: log}\n";
  const SweepOutcome halving = Outcome(rates + "halving: {first: 10, factor: 3}\n", ByRate);
  EXPECT_LT(halving.device_seconds, 500);
  EXPECT_GE(halving.trained, 1);
  const SweepOutcome median = Outcome(rates + "stop: {median_after: 20%}\n", ByRate);
  EXPECT_LT(median.device_seconds, 900);
  EXPECT_LT(median.trained, 9);
  const SweepOutcome limit = Outcome(rates + "stop: {diverged_limit: 4.6}\n", ByRate);
  EXPECT_EQ(limit.trained, 0) << "all are above it at their first value";
  EXPECT_EQ(limit.chosen, std::nullopt);
  const SweepOutcome plain = Outcome(rates + "stop: {diverged_limit: 4.6}\n", ByRate, {.keeps_rules = false});
  EXPECT_EQ(plain.device_seconds, 900);
}

// With halving at step 50, factor 3: of three jobs one goes on, in each stage and in all rounds of one.
TEST(SweepReplay, JobsOfAStageCompeteWithEachOtherAlone) {
  const SweepOutcome outcome = Outcome(
      "halving: {first: 50, factor: 3}\n"
      "stages:\n  - {name: a, optimizer.learning_rate: [1e-3, 1e-2, 1e-1]}\n"
      "  - {name: b, base: best(a), optimizer.learning_rate: [1, 0.9, 0.8]}\n",
      ByRate);
  EXPECT_EQ(outcome.stages[0].device_seconds, 3 * 50 + 50);
  EXPECT_EQ(outcome.stages[1].device_seconds, 3 * 50 + 50) << "though all are worse than those of a";
}

TEST(SweepReplay, WithoutAValueTheNextStageDoesNotBegin) {
  const SweepOutcome outcome = Outcome(
      "stages:\n  - {name: a}\n  - {name: b, base: best(a), training.seed: [1, 2]}\n", [](const Job&) {
        Curve curve = Line(2);
        curve.points[3].value = std::numeric_limits<double>::infinity();
        return std::optional(curve);
      });
  EXPECT_EQ(outcome.stages.size(), 1U);
  EXPECT_EQ(outcome.problem, "stage b cannot begin: no job has a value for best(a)");
  EXPECT_EQ(outcome.device_seconds, 40);
}

TEST(SweepReplay, TheLargestIsWhatIsPredictedToFit) {
  const std::string text =
      "resources.memory: 20MB\nstages:\n  - name: fit\n    training:\n"
      "      micro_batch: {largest: {from: 1, to: 64}}\n      batch_size: ${training.micro_batch}\n"
      "  - {name: rates, base: 'best(fit, by peak_memory_bytes maximize)', " +
      std::string("optimizer.learning_rate: [1e-4, 1e-3]}\n");
  std::set<int64_t> tried;
  std::set<int64_t> last;
  const SweepOutcome outcome = Outcome(text, [&](const Job& job) {
    (job.values[0] == "fit" ? tried : last).insert(job.spec.training.micro_batch);
    return ByRate(job);
  });
  ASSERT_EQ(last.size(), 1U);
  EXPECT_TRUE(tried.contains(*last.begin()));
  EXPECT_TRUE(tried.contains(*last.begin() + 1)) << "which does not fit";
  EXPECT_EQ(outcome.stages.size(), 2U);
}

TEST(SweepReplay, JobsWithoutACurveAreLeftOutButNotOfASearch) {
  const CurveOf some = [](const Job& job) {
    return job.spec.optimizer.learning_rate > 5e-4 && job.spec.optimizer.learning_rate < 5e-2 ? ByRate(job)
                                                                                              : std::nullopt;
  };
  const SweepOutcome outcome = Outcome(kRates, some);
  EXPECT_EQ(outcome.stages[0].without_curve, 2);
  EXPECT_EQ(outcome.device_seconds, 200);
  const auto refused = Try(InputOf(kDrawn), some);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("of which there is no curve"));
}

TEST(SweepReplay, TheNoiseOfAJobIsTheSameInEachReplay) {
  const SweepReplayPlan noisy{.noise = 0.5, .seed = 3};
  EXPECT_EQ(Outcome(kRates, ByRate, noisy).chosen, Outcome(kRates, ByRate, noisy).chosen);
  std::set<double> chosen;
  for (int32_t seed = 1; seed <= 30; ++seed)
    chosen.insert(*Outcome(kRates, ByRate, {.noise = 2, .seed = seed}).chosen);
  EXPECT_GT(chosen.size(), 1U) << "noise misleads";
}

TEST(SweepReplay, MoreIsBetterWhereTheObjectiveSaysSo) {
  const CurveOf rises = [](const Job& job) {
    Curve curve = *ByRate(job);
    for (CurvePoint& point : curve.points) point.value = -point.value;
    return std::optional(curve);
  };
  const std::string stages =
      "objective: accuracy maximize\nhalving: {first: 50, factor: 3}\n"
      "stages:\n  - {name: rates, optimizer.learning_rate: [1e-2, 1e-3, 1e-1]}\n"
      "  - {name: seeds, base: best(rates), replicates: 2}\n";
  std::set<double> rates;
  const SweepOutcome outcome = Outcome(stages, [&](const Job& job) {
    if (job.values[0] == "seeds") rates.insert(job.spec.optimizer.learning_rate);
    return rises(job);
  });
  EXPECT_THAT(rates, ElementsAre(::testing::DoubleNear(1e-3, 1e-9)));
  EXPECT_EQ(outcome.stages[0].device_seconds, 3 * 50 + 50);
  EXPECT_EQ(outcome.chosen, 2) << "a cost";
  EXPECT_EQ(outcome.least, 2);
}

TEST(SweepReplay, WhatItKnowsNothingOfIsRefused) {
  const auto refusal = [](const std::string& text) {
    const auto checked = CheckReplay(*ExpandSweep(InputOf(text)).expansion);
    return checked ? "" : checked.error().message();
  };
  EXPECT_EQ(refusal(kRates), "");
  EXPECT_THAT(refusal("stages:\n  - {name: a}\n"
                      "  - {name: b, base: 'best(a, by tokens_per_second maximize)', training.seed: 1}\n"),
              HasSubstr("stage b starts from the best by tokens_per_second"));
  EXPECT_THAT(refusal("training.micro_batch: {largest: {from: 1, to: 8}}\n"), HasSubstr("resources.memory"));
}

}  // namespace
}  // namespace optfleet::sweeps
