// Warm starts in whole runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/content_stamp.h"
#include "tests/trainer_core/session_fixture.h"
#include "tests/trainer_core/stored_file.h"
#include "trainer_core/loop/trainer.h"

namespace optfleet::trainer {
namespace {

using testing::HasSubstr;

class StartRunTest : public SessionTest {
 protected:
  // A run of 12 steps with a checkpoint of the last.
  Trained Before(spec::TrainingSpec spec) {
    spec.checkpoint.at_end = true;
    const auto run = Train(spec, {});
    EXPECT_TRUE(run.has_value()) << run.error().message();
    return *run;
  }
  NumbersByName Weights(const spec::TrainingSpec& spec) {
    const std::string path = data_ / ("init-" + std::to_string(++runs_) + ".safetensors");
    const Status written = ExportInitialWeights(spec, path);
    EXPECT_TRUE(written.has_value()) << written.error().message();
    return ReadStored(path);
  }
};

TEST_F(StartRunTest, BeginsWhereTheOtherRunEnded) {
  const spec::TrainingSpec spec = SmallSpec(data_);
  const Trained before = Before(spec);
  spec::TrainingSpec after = spec;
  after.start.weights = before.folder;
  after.training.seed = 99;
  auto trainer = Trainer::Create(after, at::kCPU);
  ASSERT_TRUE(trainer.has_value()) << trainer.error().message();
  EXPECT_EQ((*trainer)->Evaluate(Validation::kFinal).loss, before.result.final.at("val_loss"));
}

// The run repeats, its stopped and resumed sister equals it without the file, and the file is recorded.
TEST_F(StartRunTest, IsDeterministicAndAResumeDoesNotNeedTheFile) {
  spec::TrainingSpec spec = SmallSpec(data_);
  const Trained before = Before(spec);
  spec.start.weights = Checkpoint(before, 12) + "/weights.safetensors";
  spec.checkpoint.every_steps = 12;
  const auto one = Train(spec, {}), two = Train(spec, {}), first = Train(spec, {.stop_at = 5});
  ASSERT_TRUE(one.has_value()) << one.error().message();
  EXPECT_EQ(Records(*one), Records(*two));
  const Json files = {{"data.path", ContentStamp(ReadText(spec.data.path))},
                      {"start.weights", ContentStamp(ReadText(spec.start.weights))}};
  EXPECT_EQ(one->result.numerics["files"], files);
  std::filesystem::remove_all(before.folder);
  const auto second = Train(spec, {.resume = Checkpoint(*first, 5)});
  ASSERT_TRUE(second.has_value()) << second.error().message();
  EXPECT_EQ(ReadText(Checkpoint(*second, 12) + "/weights.safetensors"),
            ReadText(Checkpoint(*one, 12) + "/weights.safetensors"));
  EXPECT_EQ(second->result.numerics["files"], files) << "also without the file";
  EXPECT_FALSE(Train(spec, {}).has_value());
}

// With weights and state of a run it takes the step that the run would have taken.
TEST_F(StartRunTest, WithTheOptimizersStateTheNextUpdateIsThatOfTheRun) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.schedule.name = spec::ScheduleKind::kConstant;
  spec.schedule.warmup = {};
  const Trained before = Before(spec);
  spec.start.weights = before.folder;
  const auto state_after = [&](bool optimizer) {
    spec.start.optimizer = optimizer;
    auto trainer = Trainer::Create(spec, at::kCPU);
    EXPECT_TRUE(trainer.has_value()) << trainer.error().message();
    return (*trainer)->Tensors().optimizer.front().tensor.item().toDouble();  // "updates"
  };
  EXPECT_EQ(state_after(true), 12);
  EXPECT_EQ(state_after(false), 0);
  spec.start.optimizer = true;
  spec.optimizer.name = spec::OptimizerKind::kLion;
  EXPECT_THAT(Train(spec, {}).error().message(), HasSubstr("start.optimizer"));
}

// Seed 1's sister run in small: 2 layers become 3.
TEST_F(StartRunTest, MoreLayersBeginAsCopies) {
  spec::TrainingSpec spec = SmallSpec(data_);
  const Trained before = Before(spec);
  spec::TrainingSpec deeper = spec;
  deeper.model.layers = 3;
  deeper.start = {.weights = before.folder, .layers = "spread"};
  ASSERT_TRUE(spec::Resolve(&deeper).empty());
  const auto old = ReadStored(Checkpoint(before, 12) + "/weights.safetensors"), now = Weights(deeper);
  for (const auto& [name, numbers] : old) {
    if (!name.starts_with("blocks.")) {
      EXPECT_EQ(now.at(name), numbers) << name;
    }
    if (!name.starts_with("blocks.0.")) continue;
    const std::string rest = name.substr(8);
    EXPECT_EQ(now.at("blocks.0" + rest), numbers);
    EXPECT_EQ(now.at("blocks.1" + rest), numbers);
    EXPECT_EQ(now.at("blocks.2" + rest), old.at("blocks.1" + rest));
  }
  const auto run = Train(deeper, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  EXPECT_LT(Column(*run, "loss").front(), 1.05 * Column(before, "loss").back());
}

// Seed 0: another tokenizer. Old rows stay, fresh ones are those of a fresh model, tied or not.
TEST_F(StartRunTest, AnotherVocabularyKeepsItsRows) {
  for (const bool tied : {true, false}) {
    spec::TrainingSpec spec = SmallSpec(data_);
    spec.model.tie_output = tied;
    const Trained before = Before(spec);
    const auto old = ReadStored(Checkpoint(before, 12) + "/weights.safetensors");
    spec::TrainingSpec larger = spec;
    larger.model.vocab_size = 300;
    larger.training.seed = 3;
    ASSERT_TRUE(spec::Resolve(&larger).empty());
    const auto fresh = Weights(larger);
    larger.start = {.weights = before.folder, .new_rows = spec::NewRows::kInit};
    const auto now = Weights(larger);
    for (const std::string name : {"token_embedding.weight", "output.weight"}) {
      if (tied && name == "output.weight") continue;
      const auto& rows = now.at(name).values;
      const auto border = rows.begin() + 256 * 16;
      EXPECT_TRUE(std::equal(rows.begin(), border, old.at(name).values.begin())) << name;
      EXPECT_TRUE(std::equal(border, rows.end(), fresh.at(name).values.begin() + 256 * 16)) << name;
    }
    EXPECT_EQ(now.at("final_norm.weight"), old.at("final_norm.weight"));
    EXPECT_TRUE(Train(larger, {}).has_value());
  }
}

TEST_F(StartRunTest, ADamagedCheckpointIsNotSilentlyReplacedByAnOlderOne) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.checkpoint.every_steps = 6;
  const Trained before = Before(spec);
  std::ofstream(Checkpoint(before, 12) + "/weights.safetensors") << "x";
  spec.start.weights = before.folder;
  const auto run = Train(spec, {});
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().code(), Code::kDataLoss);
  EXPECT_THAT(run.error().message(), HasSubstr("weights.safetensors has 1 bytes"));
}

}  // namespace
}  // namespace optfleet::trainer
