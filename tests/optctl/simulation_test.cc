// `optctl plan --simulate`: jobs as made-up curves see them, recorded curves and their jobs, and what is
// said.
#include "optctl/commands/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optctl/commands/simulate_view.h"
#include "optctl/commands/simulated_curves.h"

namespace optfleet::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kEnough = "data.path: text.txt\nbudget.steps: 300\n";

// A sweep as it is read: what is written, and its jobs.
struct Read {
  sweeps::SweepInput input;
  sweeps::Expansion expansion;
};

Read Sweep(const std::string& text) {
  Read read{.input = {{{"enough.yaml", kEnough, ""}, {"sweep.yaml", text, ""}}, {}, "", {}}, .expansion = {}};
  auto result = sweeps::ExpandSweep(read.input);
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  read.expansion = result.expansion.value_or(sweeps::Expansion());
  return read;
}

sweeps::Expansion Expanded(const std::string& text) { return Sweep(text).expansion; }

Result<Simulation> Simulated(const Read& sweep, const SimulationOptions& options,
                             const sweeps::CurveTable* recorded = nullptr) {
  return Simulate(sweep.input, sweep.expansion, recorded, options);
}

std::string TextOf(const Read& sweep, const SimulationOptions& options) {
  const auto simulation = Simulated(sweep, options);
  return simulation ? SimulationText(sweep.expansion, *simulation, "") : simulation.error().message();
}

sweeps::CurveTable Table(const std::string& text) { return sweeps::ReadCurveTable(text).value(); }

std::string MistakeOf(const Read& sweep, const std::string& table) {
  const sweeps::CurveTable read = Table(table);
  const auto simulation = Simulated(sweep, {}, &read);
  return simulation ? "none" : simulation.error().message();
}

sweeps::SyntheticSpace SpaceOf(const sweeps::Expansion& expansion) {
  SyntheticJobs jobs(expansion, std::nullopt);
  for (const sweeps::Job& job : expansion.jobs) jobs.Add(job);
  return jobs.Space();
}

std::vector<std::optional<size_t>> RowsOf(const sweeps::Expansion& expansion,
                                          const sweeps::CurveTable& table) {
  const auto finder = RowFinder::Of(expansion, table);
  EXPECT_TRUE(finder) << finder.error().message();
  std::vector<std::optional<size_t>> rows;
  for (const sweeps::Job& job : expansion.jobs) rows.push_back(finder->RowOf(job));
  return rows;
}

constexpr const char* kRates = "optimizer.learning_rate: [1e-3, 3e-3, 1e-2]\n";

TEST(SyntheticSpace, NumbersAndChoicesButNotWhatChangesNoCurve) {
  const auto space = SpaceOf(Expanded(
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
  EXPECT_THAT(rows, ElementsAre(std::nullopt, 1U, 0U, std::nullopt));
}

TEST(RowsOf, AnEmptyCellIsAKeyThatTheJobDoesNotRead) {
  const auto expansion = Expanded(
      "optimizer.name: [sgd, adamw]\noptimizer.momentum: {values: [0.8, 0.9], when: optimizer.name == "
      "sgd}\n");
  const auto rows = RowsOf(expansion, Table("optimizer,momentum,seconds_per_step,300\n"
                                            "adamw,,1,3\nsgd,0.8,1,3\nsgd,0.9,1,3\n"));
  EXPECT_THAT(rows, ElementsAre(1U, 2U, 0U));
}

TEST(RowsOf, ReplicatesHaveTheSameCurve) {
  const auto rows = RowsOf(Expanded("replicates: 2\noptimizer.learning_rate: [1e-3, 1e-2]\n"),
                           Table("learning_rate,seconds_per_step,300\n1e-3,1,3\n1e-2,1,4\n"));
  EXPECT_THAT(rows, ElementsAre(0U, 0U, 1U, 1U));
}

TEST(RecordedCurves, WhatDoesNotFitIsSaid) {
  const Read rates = Sweep(kRates);
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
  EXPECT_EQ(MistakeOf(Sweep(std::string(kRates) + "halving: {first: 10}\n"),
                      "learning_rate,seconds_per_step,20,300\n1e-3,1,3,2\n"),
            "the first rung, at step 10, lies before the first recorded value, at step 20");
}

TEST(SyntheticSpace, WhereRulesStopJobsThereIsAValueAtEachValidation) {
  const auto space =
      SpaceOf(Expanded("evaluation: {every_steps: 100, log_spaced: 2}\nstop: {median_after: 20%}\n"));
  EXPECT_THAT(space.jobs[0].validations, testing::IsSupersetOf({100, 200}));
  EXPECT_THAT(SpaceOf(Expanded("evaluation.every_steps: 100\n")).jobs[0].validations, testing::IsEmpty());
  const auto many =
      SpaceOf(Expanded("budget.steps: 100000\nevaluation.every_steps: 1\nstop: {plateau: 20%}\n"));
  EXPECT_LE(many.jobs[0].validations.size(), 201U);
  EXPECT_GE(many.jobs[0].validations.size(), 150U);
}

TEST(Simulation, JobsOfABudgetInSecondsAreRefused) {
  const auto simulation = Simulated(Sweep("budget.steps: 0\nbudget.seconds: 60\n" + std::string(kRates)), {});
  ASSERT_FALSE(simulation);
  EXPECT_EQ(
      simulation.error().message(),
      "jobs whose budget is in seconds or epochs cannot be simulated, their steps are not known: 1, 2, 3");
}

TEST(Simulation, RepeatsAndCountsStepsWithoutASpeed) {
  const Read sweep = Sweep(std::string(kRates) + "halving: {first: 10%}\n");
  const auto simulation = Simulated(sweep, {.seeds = 3, .slots = 1});
  ASSERT_TRUE(simulation);
  EXPECT_TRUE(simulation->in_steps);
  EXPECT_THAT(simulation->rungs, ElementsAre(30, 90, 270));
  ASSERT_EQ(simulation->runs.size(), 3U);
  EXPECT_EQ(simulation->runs[0].plain.device_seconds, 900);
  EXPECT_EQ(simulation->runs[0].search.device_seconds, 300 + 2 * 30) << "one of three goes on, to its end";
  EXPECT_EQ(SimulationJson(sweep.expansion, *simulation, ""),
            SimulationJson(sweep.expansion, *Simulated(sweep, {.seeds = 3, .slots = 1}), ""));
}

TEST(Simulation, TheSpeedGivesSeconds) {
  const auto simulation =
      Simulated(Sweep(std::string("data.sequence_length: 32\ntraining.batch_size: 8\n") + kRates),
                {.seeds = 1, .slots = 3, .throughput = 512});
  ASSERT_TRUE(simulation);
  EXPECT_FALSE(simulation->in_steps);
  EXPECT_DOUBLE_EQ(simulation->runs[0].plain.device_seconds, 3 * 300 * 0.5);
  EXPECT_DOUBLE_EQ(simulation->runs[0].plain.seconds, 300 * 0.5);
}

TEST(Simulation, RecordedCurvesHaveTheirOwnLengthAndSeconds) {
  const Read sweep = Sweep(kRates);
  const auto table = Table("learning_rate,seconds_per_step,100,200\n1e-3,2,4,3\n1e-2,1,4,2\n");
  const auto simulation = Simulated(sweep, {.seeds = 1, .slots = 1}, &table);
  ASSERT_TRUE(simulation) << simulation.error().message();
  EXPECT_THAT(simulation->without_curve, ElementsAre(2));
  EXPECT_EQ(simulation->other_length, 2);
  EXPECT_EQ(simulation->runs[0].plain.device_seconds, 600);
  const std::string text = SimulationText(sweep.expansion, *simulation, "some.csv");
  EXPECT_THAT(text, HasSubstr("1 of 3 jobs has none and is left out: 2"));
  EXPECT_THAT(text, HasSubstr("of 2 jobs with other steps than the file says: those count"));
}

constexpr const char* kStages =
    "stages:\n  - {name: rates, optimizer.learning_rate: [1e-4, 1e-3, 1e-2]}\n"
    "  - {name: seeds, base: best(rates), replicates: 3}\n";

TEST(Simulation, OfASweepWithStagesAllOfThem) {
  const Read sweep = Sweep(kStages);
  const auto simulation = Simulated(sweep, {.seeds = 2, .slots = 1});
  ASSERT_TRUE(simulation);
  ASSERT_EQ(simulation->runs[0].search.stages.size(), 2U);
  EXPECT_EQ(simulation->runs[0].search.stages[0].device_seconds, 900);
  EXPECT_EQ(simulation->runs[0].search.stages[1].device_seconds, 600) << "one seed has been trained";
  const std::string text = SimulationText(sweep.expansion, *simulation, "");
  EXPECT_THAT(text, HasSubstr("rates: 900 steps"));
  EXPECT_THAT(text, HasSubstr("seeds: 600 steps"));
  const Json json = SimulationJson(sweep.expansion, *simulation, "");
  EXPECT_EQ(json["stages"][1]["name"], "seeds");
  EXPECT_EQ(json["stages"][1]["device_time"]["search"]["median"], 600);
  EXPECT_EQ(json["job_count"], 5);
}

TEST(Simulation, EachStageBesideTheGridWhereItHasASearch) {
  const std::string text = TextOf(Sweep(std::string(kStages) + "halving: {first: 10%}\n"), {.seeds = 3});
  EXPECT_THAT(text, HasSubstr("rates: 40% of the grid's: 360 of 900 steps"));
}

TEST(Simulation, TpeStandsBesideAsManyPointsAtRandom) {
  const Read sweep = Sweep(
      "sample: {points: 24, method: tpe, batch: 4}\n"
      "optimizer:\n  learning_rate: {from: 1e-5, to: 1e-1, spacing: log}\n"
      "  weight_decay: {from: 0, to: 0.3}\n  beta2: {from: 0.9, to: 0.999}\n");
  const auto simulation = Simulated(sweep, {.seeds = 10, .slots = 4});
  ASSERT_TRUE(simulation) << simulation.error().message();
  EXPECT_TRUE(simulation->proposes);
  double tpe = 0;
  double random = 0;
  for (const Comparison& run : simulation->runs) {
    EXPECT_EQ(run.search.device_seconds, 24 * 300);
    EXPECT_EQ(run.plain.device_seconds, 24 * 300);
    EXPECT_EQ(run.search.stages[0].rounds, 6);
    tpe += *run.RegretOf(run.search);
    random += *run.RegretOf(run.plain);
  }
  EXPECT_LT(tpe, random) << "it learns";
  const std::string text = SimulationText(sweep.expansion, *simulation, "");
  EXPECT_THAT(text, HasSubstr("tpe, beside as many points at random"));
  EXPECT_THAT(text, HasSubstr("device time  100% of random points': 7,200 of 7,200 steps"));
  EXPECT_EQ(SimulationJson(sweep.expansion, *simulation, "")["beside"], "random");
}

TEST(Simulation, TpeOnRecordedCurvesNeedsTheCurvesOfItsPoints) {
  const std::string table = "learning_rate,seconds_per_step,300\n1e-3,1,3\n3e-3,1,2.9\n1e-2,1,3.2\n";
  EXPECT_THAT(MistakeOf(Sweep("sample: {points: 4, method: tpe}\n"
                              "optimizer.learning_rate: {from: 1e-4, to: 1e-1, spacing: log}\n"),
                        table),
              HasSubstr("each point that it may propose needs one of its own"));
  const sweeps::CurveTable read = Table(table);
  const auto chosen = Simulated(Sweep("sample: {points: 3, method: tpe, batch: 1}\n"
                                      "optimizer.learning_rate: {choose: [1e-3, 3e-3, 1e-2]}\n"),
                                {.seeds = 2}, &read);
  ASSERT_TRUE(chosen) << chosen.error().message();
  EXPECT_EQ(chosen->runs[0].search.device_seconds, 900) << "equal points are passed over";
}

TEST(Simulation, RulesStopJobs) {
  const std::string rates = "optimizer.learning_rate: {from: 1e-5, to: 1, count: 11, spacing: log}\n";
  const Read sweep = Sweep(rates + "evaluation.every_steps: 30\nstop: {median_after: 20%}\n");
  const auto simulation = Simulated(sweep, {.seeds = 5});
  ASSERT_TRUE(simulation);
  double spent = 0;
  for (const Comparison& run : simulation->runs) {
    EXPECT_EQ(run.plain.device_seconds, 11 * 300);
    EXPECT_LE(run.search.device_seconds, 11 * 300) << "the best may come last";
    spent += run.search.device_seconds;
  }
  EXPECT_LT(spent, 0.95 * 5 * 11 * 300);
  EXPECT_THAT(SimulationText(sweep.expansion, *simulation, ""), HasSubstr("stop: median after 20%"));
  EXPECT_THAT(TextOf(Sweep(rates + "stop: {plateau: 20%}\n"), {.seeds = 1}),
              HasSubstr("no value before the end for a rule"));
}

TEST(Simulation, WhatItCannotKnowIsRefused) {
  EXPECT_THAT(
      TextOf(Sweep("stages:\n  - {name: a, optimizer.learning_rate: [1e-3, 1e-2]}\n"
                   "  - {name: b, base: 'best(a, by tokens_per_second maximize)', training.seed: 1}\n"),
             {.seeds = 1}),
      HasSubstr("stage b starts from the best by tokens_per_second"));
}

TEST(Simulation, WithoutASearchThereIsOnlyTheGrid) {
  const std::string text = TextOf(Sweep(kRates), {.seeds = 3});
  EXPECT_THAT(text, HasSubstr("none: every job is trained to its end"));
  EXPECT_THAT(text, Not(HasSubstr("of the grid's")));
}

}  // namespace
}  // namespace optfleet::commands
