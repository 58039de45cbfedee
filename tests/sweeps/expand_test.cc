#include "sweeps/expand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "spec/canonical.h"
#include "spec/resolve.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kEnough;
using testing::OneFile;
using ::testing::SizeIs;

Expansion Expand(const std::string& text) {
  auto result = ExpandSweep(OneFile(text));
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  return result.expansion.value_or(Expansion{});
}

std::string Mistakes(const std::string& text) { return ExpandSweep(OneFile(text)).diagnostics.Render(); }

TEST(Expand, WithoutListsThereIsOneJobAndNoAxis) {
  const Expansion expansion = Expand(kEnough);
  EXPECT_THAT(expansion.jobs, SizeIs(1));
  EXPECT_THAT(expansion.axes, SizeIs(0));
  EXPECT_EQ(expansion.name, "sweep");
  EXPECT_EQ(expansion.objective, Objective());
}

TEST(Expand, JobsHoldResolvedSpecsAndTheirHashes) {
  std::set<std::string> hashes;
  for (const Job& job : Expand(kEnough + "model.width: [64, 128]\ntraining.seed: [1, 2, 3]\n").jobs) {
    spec::TrainingSpec again = job.spec;
    EXPECT_TRUE(spec::Resolve(&again).empty());
    EXPECT_EQ(again, job.spec);
    EXPECT_EQ(job.hash, spec::Hash(job.spec));
    EXPECT_TRUE(hashes.insert(job.hash).second);
    EXPECT_EQ(job.number, static_cast<int32_t>(hashes.size()));
  }
  EXPECT_THAT(hashes, SizeIs(6));
}

TEST(Expand, EqualPointsMayStayJobsOfTheirOwn) {
  const std::string text = kEnough + "optimizer: {name: [sgd, lion], learning_rate: [1e-3, 0.001]}\n";
  EXPECT_THAT(Expand(text).jobs, SizeIs(2));
  const Expansion kept = Expand(text + "equal_points: keep\n");
  ASSERT_THAT(kept.jobs, SizeIs(4));
  EXPECT_THAT(kept.merged_points, SizeIs(0));
  std::set<std::string> hashes;
  for (const Job& job : kept.jobs) EXPECT_TRUE(hashes.insert(job.hash).second) << job.number;
  EXPECT_EQ(kept.jobs[0].hash, spec::Hash(kept.jobs[0].spec)) << "the first is the one that others may equal";
  EXPECT_EQ(kept.jobs[0].spec, kept.jobs[1].spec);
  EXPECT_EQ(Expand(text + "equal_points: keep\n").jobs[3].hash, kept.jobs[3].hash);
}

// A preset is an axis as any other, and what the file says of the model wins at every point.
TEST(Expand, KeysOfTheFileOverrideEveryPresetOfAnAxis) {
  const Expansion expansion =
      Expand(kEnough + "model:\n  layers: 4\n  preset: [tiny-gpt2, tiny-llama]\n  width: [32, 64]\n");
  ASSERT_THAT(expansion.jobs, SizeIs(4));
  EXPECT_THAT(expansion.axes, ElementsAre("model.preset", "model.width"));
  for (size_t i = 0; i < 4; ++i) {
    const spec::ModelSpec& model = expansion.jobs[i].spec.model;
    EXPECT_EQ(model.layers, 4);
    EXPECT_EQ(model.width, i % 2 == 0 ? 32 : 64);
    EXPECT_EQ(model.mlp, i < 2 ? spec::MlpKind::kGeluTanh : spec::MlpKind::kSwiglu);
  }
}

TEST(Expand, AWidthThatFollowsFromASizeIsNotGiven) {
  EXPECT_THAT(Mistakes(kEnough + "model: {block_parameters: 1000000, width: 64}\n"),
              HasSubstr("`model.width` is read by none of the runs"));
}

TEST(Expand, ThisOrderDecidesTheLastListIsFastest) {
  const Expansion expansion = Expand(kEnough + "training.seed: [1, 2]\nmodel.layers: [3, 4]\n");
  EXPECT_THAT(expansion.axes, ElementsAre("training.seed", "model.layers"));
  EXPECT_THAT(expansion.jobs[0].values, ElementsAre("1", "3"));
  EXPECT_THAT(expansion.jobs[1].values, ElementsAre("1", "4"));
  EXPECT_THAT(expansion.jobs[2].values, ElementsAre("2", "3"));
}

TEST(Expand, ABlockKeepsTheBasesOrderForKeysOfTheBase) {
  const Expansion expansion =
      Expand(kEnough + "training.seed: 0\nsweep:\n- {model.layers: [3, 4], training.seed: [1, 2]}\n");
  EXPECT_THAT(expansion.axes, ElementsAre("training.seed", "model.layers"));
  EXPECT_THAT(expansion.jobs[1].values, ElementsAre("1", "4"));
}

TEST(Expand, OneSpellingPerValue) {
  const Expansion expansion = Expand(kEnough +
                                     "sweep:\n- optimizer.learning_rate: [1e-3, 2e-3]\n"
                                     "- {optimizer.learning_rate: [0.001, 0.002], training.seed: 1}\n");
  EXPECT_EQ(expansion.jobs[0].values[0], "1e-3");
  EXPECT_EQ(expansion.jobs[2].values[0], "1e-3");
  EXPECT_EQ(expansion.jobs[3].values[0], "2e-3");
}

TEST(Expand, OnlyKeysThatAreNeededToTellBlocksApartAreAxes) {
  const Expansion expansion =
      Expand(kEnough +
             "sweep:\n- optimizer: {name: sgd, learning_rate: [1, 2]}\n"
             "- optimizer: {name: adamw, learning_rate: [3, 4], weight_decay: 0.1}\n");
  EXPECT_THAT(expansion.axes, ElementsAre("optimizer.name", "optimizer.learning_rate"));
  const Expansion differing = Expand(kEnough + "sweep:\n- model.layers: 2\n- model.width: 64\n- {}\n");
  EXPECT_THAT(differing.axes, ElementsAre("model.layers", "model.width"));
  EXPECT_THAT(differing.jobs[2].values, ElementsAre("4", "128"));
}

TEST(Expand, ListsThatShareNoValueTellBlocksApart) {
  const std::string rest = "\nsweep:\n- {optimizer.name: [sgd, adamw], model.layers: 2}\n";
  EXPECT_THAT(Expand(kEnough + rest + "- {optimizer.name: [lion, signum], model.layers: 3}\n").axes,
              ElementsAre("optimizer.name"));
  EXPECT_THAT(Expand(kEnough + rest + "- {optimizer.name: [adamw, lion], model.layers: 3}\n").axes,
              ElementsAre("optimizer.name", "model.layers"));
}

TEST(Expand, AMergedPointNamesTheJobThatStandsForIt) {
  const Expansion expansion = Expand(kEnough + "optimizer.learning_rate: [1e-3, 2e-3, 0.002]\n");
  EXPECT_THAT(expansion.jobs, SizeIs(2));
  ASSERT_THAT(expansion.merged_points, SizeIs(1));
  EXPECT_EQ(expansion.merged_points[0].point, 3);
  EXPECT_EQ(expansion.merged_points[0].job, 2);
  EXPECT_EQ(expansion.points, 3);
}

TEST(Expand, EverythingIsReportedAtOnce) {
  const std::string text = Mistakes(
      "optimizer:\n  lerning_rate: 1e-3\ntraining:\n  batch_size: [16, 30]\n  micro_batch: 16\n  seed: -1\n" +
      kEnough);
  EXPECT_THAT(text, HasSubstr("sweep.yaml:2:3: unknown key `lerning_rate` in `optimizer`"));
  EXPECT_THAT(text, HasSubstr("did you mean `learning_rate`?"));
  EXPECT_THAT(text, HasSubstr("`training.seed` must be a whole number from 0 to 4294967295, found -1"));
  EXPECT_THAT(text,
              HasSubstr("sweep.yaml:4:20: 1 of the 2 points: `training.batch_size` 30 is not a multiple of "
                        "`training.micro_batch` 16"));
  EXPECT_THAT(text, HasSubstr("first: training.batch_size=30"));
}

TEST(Expand, AMisspelledKeyIsNotAlsoReportedAsMissing) {
  EXPECT_EQ(ExpandSweep(OneFile("data.path: a\nbudget.step: 10\n")).diagnostics.count(), 1U);
  EXPECT_EQ(ExpandSweep(OneFile("data.path: a\nbudget.steps: ten\n")).diagnostics.count(), 1U);
  EXPECT_THAT(Mistakes("data.path: a\n"),
              HasSubstr("none of `budget.steps`, `budget.tokens`, `budget.epochs`, `budget.flops`, "
                        "`budget.seconds` and `budget.device_hours` is given"));
}

TEST(Expand, TooManyPointsAreRefusedWithoutExpandingThem) {
  std::string axis = "[0";
  for (int i = 1; i < 1001; ++i) axis += ", " + std::to_string(i);
  const std::string text =
      Mistakes(kEnough + "training.seed: " + axis + "]\nevaluation.batches: " + axis + "]\n");
  EXPECT_THAT(text, HasSubstr("the grid has more than 1,000,000 points"));
  EXPECT_THAT(text, HasSubstr("with 1,001 values"));
}

TEST(Expand, ReferencesComeFromTheGivenEnvironmentOnly) {
  SweepInput input = OneFile("budget.steps: 1\ndata.path: ${env:OPTFLEET_NOT_SET}/x\n");
  EXPECT_THAT(ExpandSweep(input).diagnostics.Render(), HasSubstr("`${env:OPTFLEET_NOT_SET}` is not set"));
  input.environment = {{"OPTFLEET_NOT_SET", "/data/${env:PATH}"}, {"PATH", "/bin"}};
  const auto result = ExpandSweep(input);
  ASSERT_TRUE(result.expansion);
  EXPECT_EQ(result.expansion->jobs[0].spec.data.path, "/data/${env:PATH}/x");  // not looked at again
  EXPECT_THAT(result.expansion->environment, SizeIs(1));
}

TEST(Expand, WhatWasUsedIsEnoughToExpandAgain) {
  SweepInput input = OneFile("budget.steps: 1\ndata.path: ${env:A}/x\noptimizer.learning_rate: ${env:B}\n");
  input.environment = {{"A", "/a"}, {"B", "1e-2"}, {"C", "secret"}};
  const auto first = ExpandSweep(input);
  ASSERT_TRUE(first.expansion);
  input.environment = first.expansion->environment;
  const auto second = ExpandSweep(input);
  ASSERT_TRUE(second.expansion);
  EXPECT_EQ(first.expansion->jobs[0].hash, second.expansion->jobs[0].hash);
  EXPECT_EQ(input.environment.count("C"), 0U);
}

}  // namespace
}  // namespace optfleet::sweeps
