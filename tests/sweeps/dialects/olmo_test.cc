// Sweep files of the optimizer study on OLMo, in our words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "spec/fields.h"
#include "sweeps/dialects/olmo_keys.h"
#include "sweeps/dialects/translate.h"
#include "tests/common/golden.h"

namespace optfleet::sweeps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kFolder = OPTFLEET_SOURCE_DIR "/tests/sweeps/dialects/olmo/";

SweepInput Files(const std::vector<std::string>& names, const std::vector<std::string>& overrides = {}) {
  SweepInput input;
  for (const std::string& name : names)
    input.files.push_back({name, testing::ReadFileOrFail(kFolder + name), kFolder});
  input.overrides = overrides;
  input.working_folder = "/work";
  return input;
}

SweepInput Text(const std::string& text, const std::vector<std::string>& overrides = {}) {
  SweepInput input = Files({"base.yaml"}, overrides);
  input.files.push_back({"sweep.yaml", text, ""});
  return input;
}

struct Translated {
  Translation translation;
  ExpandResult expanded;
};

Translated Translate(const SweepInput& given) {
  Translated result{TranslateOlmo(given),
                    ExpandResult{.expansion = {}, .diagnostics = Diagnostics(), .files = {}}};
  result.expanded.diagnostics = result.translation.diagnostics;
  if (!result.translation.diagnostics.empty()) return result;
  result.expanded = ExpandSweep(result.translation.input);
  MoveBack(result.translation, &result.expanded);
  return result;
}

// The spec of the only job.
spec::TrainingSpec SpecOf(const std::string& sweep) {
  const Translated result = Translate(Text(sweep));
  EXPECT_THAT(result.expanded.diagnostics.Render(), IsEmpty());
  return result.expanded.expansion ? result.expanded.expansion->jobs.front().spec : spec::TrainingSpec();
}

std::string MistakesOf(const std::string& sweep, const std::vector<std::string>& overrides = {}) {
  return Translate(Text(sweep, overrides)).expanded.diagnostics.Render();
}

std::string One(const std::string& block) { return "sweep:\n  - " + block + "\n"; }

TEST(Olmo, AllTwelveFilesHaveTheJobsThatTheyHadThere) {
  const std::map<std::string, size_t> jobs = {{"lr", 54},
                                              {"lr_no_qkz", 54},
                                              {"momentum", 42},
                                              {"momentum_no_qkz", 42},
                                              {"beta", 30},
                                              {"eps", 20},
                                              {"wd", 42},
                                              {"warmup", 42},
                                              {"bs", 24},
                                              {"adalayer+sgd", 10},
                                              {"adafactor+sgd", 10},
                                              {"adalayer_freeze", 9}};
  size_t all = 0;
  for (const char* model : {"150m", "150m-long", "300m", "600m", "1.2b"})
    for (const auto& [name, count] : jobs) {
      const Translated result = Translate(
          Files({"base.yaml", std::string("models/") + model + ".yaml", "sweeps/" + name + ".yaml"}));
      ASSERT_TRUE(result.expanded.expansion) << name << "\n" << result.expanded.diagnostics.Render();
      EXPECT_EQ(result.expanded.expansion->jobs.size(), count) << name;
      EXPECT_EQ(result.translation.points.size(), count) << name;
      EXPECT_EQ(result.expanded.expansion->name, name);
      all += count;
    }
  EXPECT_EQ(all, 5U * 379U);
}

TEST(Olmo, APointHasItsAxesFirstAsTheLauncherPassesThem) {
  const Translated result = Translate(Files({"base.yaml", "sweeps/adalayer+sgd.yaml"}));
  ASSERT_EQ(result.translation.points.size(), 10U);
  EXPECT_THAT(
      result.translation.points[4],
      ElementsAre("optimizer.learning_rate=10", "optimizer.weight_decay=0.0", "optimizer.eps=1e-15",
                  "optimizer.beta_0=0.9", "optimizer.beta_1=0.95", "optimizer.name=adalayerw_last",
                  "optimizer.att_correction=True", "optimizer.lastlayer_correction=True",
                  "optimizer.update_last=True", "optimizer.update_norm=True", "optimizer.lr_last=0.00316"));
}

TEST(Olmo, TheLastAxisIsTheFastestAndBlocksFollowEachOther) {
  const Translated result = Translate(
      Text("optimizer.eps: [1e-8, 1e-15]\nsweep:\n  - optimizer: {beta_0: [0.5, 0.9]}\n  - seed: 7\n"));
  std::vector<std::string> first_two;
  for (const auto& point : result.translation.points) first_two.push_back(point[0] + " " + point[1]);
  EXPECT_THAT(
      first_two,
      ElementsAre("optimizer.eps=1e-08 optimizer.beta_0=0.5", "optimizer.eps=1e-08 optimizer.beta_0=0.9",
                  "optimizer.eps=1e-15 optimizer.beta_0=0.5", "optimizer.eps=1e-15 optimizer.beta_0=0.9",
                  "optimizer.eps=1e-08 seed=7", "optimizer.eps=1e-15 seed=7"));
}

TEST(Olmo, EqualPointsStayJobsOfTheirOwn) {
  const Translated result = Translate(Text(One("optimizer: {name: sgdw, beta_1: [0.8, 0.9]}")));
  const auto& jobs = result.expanded.expansion->jobs;
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].spec, jobs[1].spec);
  EXPECT_NE(jobs[0].hash, jobs[1].hash);
}

TEST(Olmo, ReferencesAreResolvedAfterAllOverrides) {
  const spec::TrainingSpec heads = SpecOf(One("model: {n_heads: 8}"));
  EXPECT_EQ(heads.model.heads, 8);
  EXPECT_EQ(heads.model.kv_heads, 0) << "as many, since n_kv_heads is ${model.n_heads} in base.yaml";
  const spec::TrainingSpec frozen =
      Translate(Files({"base.yaml", "sweeps/adalayer_freeze.yaml"})).expanded.expansion->jobs.front().spec;
  EXPECT_EQ(frozen.budget.steps, 26000) << "stop_at is ${max_duration} in base.yaml";
}

TEST(Olmo, TheDataMayHaveASeedOfItsOwn) {
  EXPECT_EQ(SpecOf(One("{seed: 5, data.seed: 7}")).data.seed, 7);
  EXPECT_EQ(SpecOf(One("{seed: 5, data.seed: null}")).data.seed, std::nullopt);
}

TEST(Olmo, WhatNobodyReadsMayReferToWhatIsNotThere) {
  EXPECT_THAT(MistakesOf(One("seed: 1")), IsEmpty()) << "save_folder refers to CHECKPOINTS_PATH";
  EXPECT_THAT(MistakesOf(One("seed: ${oc.env:NOT_THERE}")), HasSubstr("`${oc.env:NOT_THERE}` is not set"));
  EXPECT_THAT(MistakesOf(One("seed: ${oc.env:NOT_THERE,5}")), IsEmpty());
  EXPECT_THAT(MistakesOf("max_duration: ${stop_at}\n" + One("stop_at: ${max_duration}")),
              HasSubstr("the references go in a circle: max_duration -> stop_at -> max_duration"));
}

// Found by random texts.
TEST(Olmo, NamesOfFilesNeedNotBeText) {
  SweepInput input = Text(One("seed: 1"));
  for (SweepFile& file : input.files) file.path = "\xff.yaml";
  const Translated result = Translate(input);
  EXPECT_TRUE(result.expanded.expansion) << result.expanded.diagnostics.Render();
}

TEST(Olmo, DepthHasABound) {
  std::string nested = "1";
  std::string key = "a";
  for (int i = 0; i < 100; ++i) {
    nested = "${oc.env:NOT_THERE," + nested + "}";
    key += ".a";
  }
  EXPECT_THAT(MistakesOf(One("seed: '" + nested + "'")), HasSubstr("nested more than 32 deep"));
  EXPECT_THAT(MistakesOf(key + ": 1\n" + One("seed: 1")), HasSubstr("a key of more than 17 parts"));
}

TEST(Olmo, TheOptimizersAreOurs) {
  const auto last = SpecOf(One(
      "optimizer: {name: adalayerw_last, lastlayer_correction: true, update_norm: true, lr_last: 3.16e-3}"));
  EXPECT_EQ(last.optimizer.name, spec::OptimizerKind::kEmaSgd);
  const auto value = [](const spec::TrainingSpec& spec, const char* key) {
    return spec::ToText(spec::FindField(key)->get(spec));
  };
  EXPECT_EQ(value(last, "optimizer.groups.output.name"), "adalayer_rows");
  EXPECT_EQ(value(last, "optimizer.groups.norm.name"), "adalayer");
  EXPECT_EQ(value(last, "optimizer.groups.output.learning_rate"), "0.00316");
  const auto few =
      SpecOf("model: {embedding_size: 512, vocab_size: 500}\n" +
             One("optimizer: {name: adalayerw_last, lastlayer_correction: true, lr_last: 3e-3}"));
  EXPECT_EQ(value(few, "optimizer.groups.output.name"), "inherit") << "under 10,001 rows it is not adaptive";
  EXPECT_EQ(value(few, "optimizer.groups.output.learning_rate"), "0.003") << "but has its own peak";
  const auto lion = SpecOf(One("optimizer: {name: lionw, weight_decay: 0.1}"));
  EXPECT_EQ(value(lion, "optimizer.decay_form"), "decoupled_by_peak");
  const auto sgd = SpecOf(One("optimizer: {name: sgdw, beta_0: 0.98, use_dampening: true}"));
  EXPECT_EQ(value(sgd, "optimizer.dampening"), "0.98");
}

TEST(Olmo, AFreezeGoesWithItsSchedule) {
  const auto frozen = Translate(Files({"base.yaml", "sweeps/adalayer_freeze.yaml"}));
  const spec::TrainingSpec& spec = frozen.expanded.expansion->jobs[3].spec;
  EXPECT_EQ(spec.optimizer.name, spec::OptimizerKind::kAdalayerFrozen);
  EXPECT_EQ(spec.optimizer.learning_rate, 3.16e-3);
  EXPECT_EQ(spec::ToText(spec.schedule.freeze), "1000");
  EXPECT_EQ(spec::ToText(spec.schedule.warmup), "2500");
}

TEST(Olmo, SpellingsAreThoseOfTheStudysLoader) {
  const auto spec = SpecOf("softmax_auxiliary_loss: off\nscheduler.t_warmup: 1_00\n" +
                           One("{optimizer.eps: 1e-3, optimizer.weight_decay: '1e-2', max_duration: 2e3, "
                               "max_grad_norm: null, seed: 0x10, model.rope: No}"));
  EXPECT_EQ(spec.optimizer.epsilon, 1e-3);
  EXPECT_EQ(spec.optimizer.weight_decay, 0.01);
  EXPECT_EQ(spec.budget.steps, 2000);
  EXPECT_EQ(spec.training.clip_norm, 0);
  EXPECT_EQ(spec.training.seed, 16);
  EXPECT_EQ(spec.training.z_loss, 0);
  EXPECT_EQ(spec.model.position, spec::PositionKind::kLearned);
}

TEST(Olmo, MistakesAreShownWhereTheyWereWritten) {
  EXPECT_THAT(MistakesOf("softmax_auxilary_loss: true\n" + One("optimizer: {eps: abc}")),
              AllOf(HasSubstr("sweep.yaml:1:1: unknown key `softmax_auxilary_loss`"),
                    HasSubstr("did you mean `softmax_auxiliary_loss`?"),
                    HasSubstr("sweep.yaml:3:22: `optimizer.eps` must be a number, found abc")));
  EXPECT_THAT(MistakesOf(One("model: {clip_qkv: 8}")),
              HasSubstr("`model.clip_qkv` must stay null, which is all that is built here; found 8"));
  EXPECT_THAT(MistakesOf(One("optimizer: {name: sophiag}")),
              HasSubstr("`optimizer.name` must be one of adamw, lionw, signsgd"));
  EXPECT_THAT(MistakesOf(One("optimizer: {beta_0: [0.5, 1.5]}")),
              HasSubstr("sweep.yaml:2:31: `optimizer.beta1` must be a number from 0, below 1, found 1.5"))
      << "what only our side can know";
  EXPECT_THAT(MistakesOf("sweep: []\n"), HasSubstr("`sweep` must be a list of blocks"));
  EXPECT_THAT(MistakesOf(One("optimizer.eps: []")), HasSubstr("the list of `optimizer.eps` is empty"));
}

TEST(Olmo, OverridesAreTheirsOrOurs) {
  const auto both = Translate(Text(One("seed: 1"), {"optimizer.eps=[1e-8, 1e-15]", "diagnostics.flops=true",
                                                    "data.paths=[/data/c4.npy]"}));
  ASSERT_TRUE(both.expanded.expansion) << both.expanded.diagnostics.Render();
  ASSERT_EQ(both.expanded.expansion->jobs.size(), 2U);
  EXPECT_TRUE(both.expanded.expansion->jobs[0].spec.diagnostics.flops);
  EXPECT_EQ(both.expanded.expansion->jobs[0].spec.data.path, "/data/c4.npy");
  EXPECT_THAT(MistakesOf(One("seed: 1"), {"seed=2", "training.micro_batch=x"}),
              AllOf(HasSubstr("--set #2:1:"), Not(HasSubstr("--set #1"))));
}

TEST(Olmo, WithoutASweepFileItIsOneRun) {
  const Translated result = Translate(Files({"base.yaml", "models/300m.yaml"}));
  ASSERT_TRUE(result.expanded.expansion) << result.expanded.diagnostics.Render();
  EXPECT_EQ(result.expanded.expansion->jobs.size(), 1U);
  EXPECT_EQ(result.expanded.expansion->jobs[0].spec.model.layers, 24);
}

TEST(Olmo, ThePageSaysWhatTheTableSays) {
  EXPECT_THAT(testing::ReadFileOrFail(OPTFLEET_SOURCE_DIR "/docs/dialect-olmo.md"), HasSubstr(OlmoMarkdown()))
      << "put this table there";
}

}  // namespace
}  // namespace optfleet::sweeps
