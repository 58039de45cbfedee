// Keys that are computed from others, and keys that exist under a condition.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "spec/fields.h"
#include "spec/parameters.h"
#include "tests/sweeps/render.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using testing::Expanded;
using ::testing::HasSubstr;
using testing::MistakesOf;
using testing::PointsOf;

spec::TrainingSpec SpecOf(const std::string& text, size_t job = 0) {
  const auto result = Expanded(text);
  EXPECT_TRUE(result.expansion) << result.diagnostics.Render();
  return result.expansion ? result.expansion->jobs.at(job).spec : spec::TrainingSpec();
}

TEST(Computed, FollowsAnAxisAtEachPoint) {
  const std::string text =
      "training.batch_size: [8, 32]\noptimizer.learning_rate: ${1e-3 * sqrt(training.batch_size / 8)}\n";
  EXPECT_EQ(SpecOf(text, 0).optimizer.learning_rate, 1e-3);
  EXPECT_EQ(SpecOf(text, 1).optimizer.learning_rate, 2e-3);
}

TEST(Computed, DoesNotDependOnTheOrderOfKeys) {
  const std::string heads = "model.heads: ${model.width / 32}\n";
  const std::string width = "model.width: ${model.layers * 64}\n";
  EXPECT_EQ(SpecOf(heads + width + "model.layers: 3\n").model.heads, 6);
  EXPECT_EQ(SpecOf("model.layers: 3\n" + width + heads).model.heads, 6);
}

TEST(Computed, MayBeAValueOfAnAxis) {
  EXPECT_THAT(
      PointsOf("model.width: 64\nmodel.mlp_width: [100, '${2 * model.width}', '${4 * model.width}']\n"),
      ElementsAre("100", "128", "256"));
}

TEST(Computed, KnowsWhatFollowsFromOthers) {
  EXPECT_EQ(SpecOf("model: {preset: tiny-gpt2}\nmodel.mlp_width: ${3 * model.width}\n").model.mlp_width,
            3 * SpecOf("model: {preset: tiny-gpt2}\n").model.width);
  EXPECT_EQ(
      SpecOf("model: {width: 96, head_width: 32}\ntraining.batch_size: ${model.heads}\n").training.batch_size,
      3);
  EXPECT_EQ(spec::ToText(SpecOf("schedule.warmup: ${round(budget.steps / 7)}\n").schedule.warmup), "14");
}

TEST(Computed, StepsFromTokensPerParameter) {
  const auto spec = SpecOf("budget.steps: 0\nbudget.tokens: ${20 * parameters()}\n");
  const double wanted = 20 * static_cast<double>(spec::CountParameters(spec.model));
  const auto step = static_cast<double>(spec.training.batch_size * spec.data.sequence_length);
  EXPECT_EQ(static_cast<double>(spec.budget.steps), std::ceil(wanted / step));
}

TEST(Computed, AccumulationFromTokensPerStep) {
  const auto spec = SpecOf(
      "data.sequence_length: 64\ntraining.batch_size: ${16k tokens / data.sequence_length}\n"
      "training.micro_batch: ${training.batch_size / 5}\n");
  EXPECT_EQ(spec.training.batch_size, 250);
  EXPECT_EQ(spec.training.micro_batch, 50);
}

TEST(Computed, ALengthKeepsItsUnit) {
  const auto warmup = [](const std::string& text) {
    return spec::ToText(SpecOf("schedule.warmup: ${" + text + "}\n").schedule.warmup);
  };
  EXPECT_EQ(warmup("if(optimizer.name == sgd, 5%, 10%)"), "10");
  EXPECT_EQ(PointsOf("schedule.warmup: [7%, '${7%}']\n").size(), 1U) << "to the last digit";
  EXPECT_EQ(warmup("4k tokens"), "2") << "of 2048 tokens a step";
  EXPECT_EQ(warmup("2 * 7"), "14");
}

TEST(Computed, TextsAreFilledIn) {
  const auto result = Expanded("training.seed: [1, 2]\ndata.path: data-${training.seed}.bin\n");
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  EXPECT_THAT(result.expansion->jobs[1].spec.data.path, HasSubstr("data-2.bin"));
  std::vector<std::string> files;
  for (const NeededFile& file : result.files) files.push_back(file.path.substr(file.path.rfind('/') + 1));
  EXPECT_THAT(files, ElementsAre("data-1.bin", "data-2.bin")) << "who submits looks for them";
}

TEST(Computed, PathsBeginAtTheFolderOfTheFile) {
  SweepInput input =
      testing::OneFile("budget.steps: 1\ntraining.seed: 3\ndata.path: ${training.seed}/a.bin\n");
  input.files[0].folder = "/data";
  EXPECT_EQ(ExpandSweep(input).expansion->jobs[0].spec.data.path, "/data/3/a.bin");
  input.overrides = {"data.path=${if(training.seed > 2, '/fast', '/slow')}/a.bin"};
  input.working_folder = "/here";
  EXPECT_EQ(ExpandSweep(input).expansion->jobs[0].spec.data.path, "/fast/a.bin");
}

TEST(Computed, ChoicesAndFlagsToo) {
  const auto spec =
      SpecOf("model.mlp: ${if(model.layers > 2, swiglu, gelu)}\nmodel.qk_norm: ${model.layers > 2}\n");
  EXPECT_EQ(spec.model.mlp, spec::MlpKind::kSwiglu);
  EXPECT_TRUE(spec.model.qk_norm);
}

TEST(Computed, IsOneJobWithThePlainPoint) {
  EXPECT_THAT(PointsOf("optimizer.learning_rate: [2e-3, '${1e-3 * 2}']\n"), ElementsAre("2e-3"));
}

TEST(Computed, MistakesOfSomePointsNameThem) {
  EXPECT_THAT(MistakesOf("training.batch_size: [8, 12]\ntraining.micro_batch: ${training.batch_size / 8}\n"),
              AllOf(HasSubstr("1 of the 2 points: `training.micro_batch` must be a whole number"),
                    HasSubstr("found 1.5"), HasSubstr("first: training.batch_size=12")));
  EXPECT_THAT(MistakesOf("model.width: ${model.heads * 16}\nmodel.heads: ${model.width / 16}\n"),
              HasSubstr("the expressions go in a circle: model.width -> model.heads -> model.width"));
  EXPECT_THAT(MistakesOf("training.batch_size: ${parameters()}\nmodel.layers: ${training.batch_size}\n"),
              HasSubstr("the expressions go in a circle"));
  EXPECT_THAT(MistakesOf("optimizer.learning_rate: ${3h}\n"), HasSubstr("found 10800 seconds"));
  EXPECT_THAT(MistakesOf("model.preset: ${tiny}\n"), HasSubstr("`model.preset` cannot be computed"));
  EXPECT_THAT(MistakesOf("training.seed: ${1 + 1}\nreplicates: 2\n"),
              HasSubstr("needs a plain `training.seed`"));
  EXPECT_THAT(MistakesOf("exclude: {model.width: '${1 + 1}'}\n"), HasSubstr("`exclude` takes plain values"));
}

TEST(Computed, PlacesAreThoseInTheExpression) {
  EXPECT_THAT(MistakesOf("model.width: ${16 * model.haeds}\n"),
              HasSubstr("sweep.yaml:1:21: unknown key `model.haeds`"));
}

TEST(Conditional, AnAxisIsThereForSomePointsOnly) {
  EXPECT_THAT(PointsOf("optimizer.name: [sgd, adamw]\n"
                       "optimizer.momentum: {values: [0.5, 0.8], when: optimizer.name == sgd}\n"),
              ElementsAre("sgd 0.5", "sgd 0.8", "adamw 0.9"));
  const auto result = Expanded(
      "optimizer.name: [sgd, adamw]\n"
      "optimizer.momentum: {values: [0.5, 0.8], when: optimizer.name == sgd}\n");
  EXPECT_EQ(result.expansion->points, 3);
  EXPECT_TRUE(result.expansion->merged_points.empty());
}

TEST(Conditional, WithoutItAKeyIsAsIfItWereNotGiven) {
  const std::string text =
      "model: {preset: [tiny-gpt2, tiny-llama]}\n"
      "model.layers: {values: 7, when: model.preset == 'tiny-llama'}\n";
  EXPECT_EQ(SpecOf(text, 0).model.layers, SpecOf("model.preset: tiny-gpt2\n").model.layers);
  EXPECT_EQ(SpecOf(text, 1).model.layers, 7);
}

TEST(Conditional, TakesARange) {
  EXPECT_THAT(PointsOf("optimizer.name: [sgd, adamw]\noptimizer.learning_rate: "
                       "{from: 1, to: 3, count: 3, when: optimizer.name == sgd}\n"),
              ElementsAre("sgd 1", "sgd 2", "sgd 3", "adamw 0.001"));
}

TEST(Conditional, Mistakes) {
  EXPECT_THAT(MistakesOf("model.width: {values: [32], when: 5}\n"),
              HasSubstr("`when` must come to true or false, found 5"));
  EXPECT_THAT(MistakesOf("model.width: {values: [32], when: optimizr.name == sgd}\n"),
              HasSubstr("sweep.yaml:1:35: unknown key `optimizr.name`"));
  EXPECT_THAT(MistakesOf("model.width: {values: [32], from: 1, when: true}\n"),
              HasSubstr("`from` cannot stand beside `values`"));
  EXPECT_THAT(MistakesOf("zip: {model.width: {values: [32, 64], when: true}, model.layers: [1, 2]}\n"),
              HasSubstr("`zip` takes no conditions"));
}

}  // namespace
}  // namespace optfleet::sweeps
