// `optctl plan --simulate`: jobs as made-up curves see them, recorded curves and their jobs, and what is
// said.
#include "optctl/commands/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optctl/commands/simulate_view.h"

namespace optfleet::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kEnough = "data.path: text.txt\nbudget.steps: 300\n";

sweeps::Expansion Expanded(const std::string& text) {
  auto result = sweeps::ExpandSweep({{{"enough.yaml", kEnough, ""}, {"sweep.yaml", text, ""}}, {}, "", {}});
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  return result.expansion.value_or(sweeps::Expansion());
}

sweeps::CurveTable Table(const std::string& text) { return sweeps::ReadCurveTable(text).value(); }

std::string MistakeOf(const sweeps::Expansion& expansion, const std::string& table) {
  const sweeps::CurveTable read = Table(table);
  const auto simulation = Simulate(expansion, &read, {});
  return simulation ? "none" : simulation.error().message();
}

constexpr const char* kRates = "optimizer.learning_rate: [1e-3, 3e-3, 1e-2]\n";

TEST(SyntheticSpace, NumbersAndChoicesButNotWhatChangesNoCurve) {
  const auto space = SyntheticSpaceOf(Expanded(
      "optimizer.name: [sgd, adamw]\noptimizer.learning_rate: [1e-3, 3e-3]\nschedule.warmup: [10, 20%]\n"
      "replicates: 2\nbudget.steps: [100, 200]\nhalving: {first: 10%}\n"));
  EXPECT_THAT(space.choice_keys, ElementsAre("optimizer.name"));
  EXPECT_THAT(space.number_keys, ElementsAre("optimizer.learning_rate", "schedule.warmup"));
  ASSERT_FALSE(space.jobs.empty());
  EXPECT_THAT(space.jobs[0].choices, ElementsAre("sgd"));
  EXPECT_EQ(space.jobs[0].steps, 100);
  EXPECT_THAT(space.jobs[0].validations, ElementsAre(10, 30, 90));
}

TEST(RowsOf, ColumnsAreKeysTheirLastPartsOrGroupsOfNames) {
  const auto expansion = Expanded("optimizer.name: [sgd, adamw]\noptimizer.learning_rate: [1e-3, 3e-3]\n");
  const auto rows = RowsOf(expansion, Table("learning_rate,optimizer,schedule.name,seconds_per_step,300\n"
                                            "0.001,adamw,cosine,1,3\n"
                                            "0.003,sgd,cosine,1,3\n"
                                            "3e-3,adamw,linear,1,3\n"));
  ASSERT_TRUE(rows) << rows.error().message();
  EXPECT_THAT(*rows, ElementsAre(std::nullopt, 1U, 0U, std::nullopt));
}

TEST(RowsOf, AnEmptyCellIsAKeyThatTheJobDoesNotRead) {
  const auto expansion = Expanded(
      "optimizer.name: [sgd, adamw]\noptimizer.momentum: {values: [0.8, 0.9], when: optimizer.name == "
      "sgd}\n");
  const auto rows = RowsOf(expansion, Table("optimizer,momentum,seconds_per_step,300\n"
                                            "adamw,,1,3\nsgd,0.8,1,3\nsgd,0.9,1,3\n"));
  ASSERT_TRUE(rows) << rows.error().message();
  EXPECT_THAT(*rows, ElementsAre(1U, 2U, 0U));
}

TEST(RowsOf, ReplicatesHaveTheSameCurve) {
  const auto rows = RowsOf(Expanded("replicates: 2\noptimizer.learning_rate: [1e-3, 1e-2]\n"),
                           Table("learning_rate,seconds_per_step,300\n1e-3,1,3\n1e-2,1,4\n"));
  ASSERT_TRUE(rows) << rows.error().message();
  EXPECT_THAT(*rows, ElementsAre(0U, 0U, 1U, 1U));
}

TEST(RecordedCurves, WhatDoesNotFitIsSaid) {
  const auto rates = Expanded(kRates);
  EXPECT_THAT(MistakeOf(rates, "rate,seconds_per_step,300\n1,1,3\n"), HasSubstr("`rate` is no key of a job"));
  EXPECT_THAT(MistakeOf(rates, "optimizer,seconds_per_step,300\nsgd,1,3\n"),
              HasSubstr("no column for optimizer.learning_rate, which differs between the jobs"));
  EXPECT_THAT(MistakeOf(rates, "learning_rate,seconds_per_step,300\nfast,1,3\n"),
              HasSubstr("line 2: `optimizer.learning_rate` must be a number"));
  EXPECT_EQ(MistakeOf(rates, "learning_rate,seconds_per_step,300\n1e-3,1,3\n1e-2,1,3\n0.001,1,3\n"),
            "lines 2 and 4 are curves of the same job");
  EXPECT_EQ(MistakeOf(rates, "learning_rate,seconds_per_step,300\n5e-3,1,3\n"),
            "none of the jobs has a curve");
  EXPECT_EQ(MistakeOf(rates, "learning_rate,seconds_per_step,300\n1e-3,1,\n"),
            "all curves of the jobs diverge");
  EXPECT_EQ(MistakeOf(Expanded(std::string(kRates) + "halving: {first: 10}\n"),
                      "learning_rate,seconds_per_step,20,300\n1e-3,1,3,2\n"),
            "the first rung, at step 10, lies before the first recorded value, at step 20");
}

TEST(Simulation, JobsOfABudgetInSecondsAreRefused) {
  const auto simulation =
      Simulate(Expanded("budget.steps: 0\nbudget.seconds: 60\n" + std::string(kRates)), nullptr, {});
  ASSERT_FALSE(simulation);
  EXPECT_EQ(simulation.error().message(),
            "jobs whose budget is in seconds cannot be simulated, their steps are not known: 1, 2, 3");
}

TEST(Simulation, RepeatsAndCountsStepsWithoutASpeed) {
  const auto expansion = Expanded(std::string(kRates) + "halving: {first: 10%}\n");
  const auto simulation = Simulate(expansion, nullptr, {.seeds = 3, .slots = 1});
  ASSERT_TRUE(simulation);
  EXPECT_TRUE(simulation->in_steps);
  EXPECT_THAT(simulation->rungs, ElementsAre(30, 90, 270));
  ASSERT_EQ(simulation->runs.size(), 3U);
  EXPECT_EQ(simulation->runs[0].grid.device_seconds, 900);
  EXPECT_EQ(simulation->runs[0].search.device_seconds, 300 + 2 * 30) << "one of three goes on, to its end";
  EXPECT_EQ(SimulationJson(expansion, *simulation, ""),
            SimulationJson(expansion, *Simulate(expansion, nullptr, {.seeds = 3, .slots = 1}), ""));
}

TEST(Simulation, TheSpeedGivesSeconds) {
  const auto simulation =
      Simulate(Expanded(std::string("data.sequence_length: 32\ntraining.batch_size: 8\n") + kRates), nullptr,
               {.seeds = 1, .slots = 3, .throughput = 512});
  ASSERT_TRUE(simulation);
  EXPECT_FALSE(simulation->in_steps);
  EXPECT_DOUBLE_EQ(simulation->runs[0].grid.device_seconds, 3 * 300 * 0.5);
  EXPECT_DOUBLE_EQ(simulation->runs[0].grid.seconds, 300 * 0.5);
}

TEST(Simulation, RecordedCurvesHaveTheirOwnLengthAndSeconds) {
  const auto expansion = Expanded(kRates);
  const auto table = Table("learning_rate,seconds_per_step,100,200\n1e-3,2,4,3\n1e-2,1,4,2\n");
  const auto simulation = Simulate(expansion, &table, {.seeds = 1, .slots = 1});
  ASSERT_TRUE(simulation) << simulation.error().message();
  EXPECT_THAT(simulation->without_curve, ElementsAre(2));
  EXPECT_EQ(simulation->other_length, 2);
  EXPECT_EQ(simulation->runs[0].grid.device_seconds, 600);
  const std::string text = SimulationText(expansion, *simulation, "some.csv");
  EXPECT_THAT(text, HasSubstr("1 of 3 jobs has none and is left out: 2"));
  EXPECT_THAT(text, HasSubstr("of 2 jobs with other steps than the file says: those count"));
}

TEST(Simulation, OfASweepWithStagesTheFirst) {
  const auto expansion = Expanded(
      "stages:\n  - {name: rates, optimizer.learning_rate: [1e-3, 1e-2]}\n"
      "  - {name: seeds, base: best(rates), replicates: 3}\n");
  const auto simulation = Simulate(expansion, nullptr, {.seeds = 1, .slots = 1});
  ASSERT_TRUE(simulation);
  EXPECT_EQ(simulation->jobs, 2);
  EXPECT_THAT(SimulationText(expansion, *simulation, ""),
              HasSubstr("rates; later ones start from what it finds, not simulated"));
  EXPECT_EQ(SimulationJson(expansion, *simulation, "")["stage"], "rates");
}

TEST(Simulation, WithoutASearchThereIsOnlyTheGrid) {
  const auto expansion = Expanded(kRates);
  const std::string text = SimulationText(expansion, *Simulate(expansion, nullptr, {.seeds = 3}), "");
  EXPECT_THAT(text, HasSubstr("none: every job is trained to its end"));
  EXPECT_THAT(text, Not(HasSubstr("of the grid's")));
}

}  // namespace
}  // namespace optfleet::commands
