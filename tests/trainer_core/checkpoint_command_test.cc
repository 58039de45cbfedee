// `opt-trainer checkpoint`, `average` and `train --resume` as a person meets them. OPTFLEET_TEST_TRAINER
// names the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer_core/answer.h"
#include "tests/trainer_core/small_runs.h"

namespace optfleet::trainer {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class CheckpointCommandTest : public testing::Test {
 protected:
  Answer Trainer(const std::string& arguments) { return AskTrainer(folder_.path(), arguments); }
  std::string Weights(const std::string& run, int step) {
    return ReadText(folder_ /
                    (run + "/checkpoints/step-00000000000" + std::to_string(step) + "/weights.safetensors"));
  }

  TemporaryFolder folder_;
};

// A run that is moved: its folder, its data and its spec file are gone where it goes on.
TEST_F(CheckpointCommandTest, ARunMovesWithADamagedCheckpointAndComputesTheSame) {
  folder_.Write("text.txt", SomeText());
  folder_.Write("run.yaml",
                "model: {layers: 1, width: 16, heads: 2}\ndata: {path: text.txt, sequence_length: 16}\n"
                "training.batch_size: 4\nbudget.steps: 8\ncheckpoint: {every_steps: 2, keep: 9}\n"
                "averaging: {kind: tail, samples: 2, share: 0.5}\n");
  const Answer trained = Trainer("train run.yaml --out here");
  ASSERT_EQ(trained.code, 0) << trained.text;
  EXPECT_THAT(trained.text, HasSubstr("val_loss_average"));

  std::ofstream(folder_ / "here/checkpoints/step-000000000006/optimizer.safetensors") << "x";
  const Answer list = Trainer("checkpoint list here");
  EXPECT_EQ(list.code, 1);
  EXPECT_THAT(list.text, AllOf(HasSubstr("step 4"), HasSubstr("optimizer.safetensors has 1 bytes")));

  EXPECT_EQ(Trainer("checkpoint copy here/checkpoints/step-000000000004 away/four").code, 0);
  EXPECT_EQ(Trainer("checkpoint copy here/checkpoints/step-000000000006 away/six").code, 1);
  fs::rename(folder_ / "text.txt", folder_ / "moved.txt");
  fs::remove(folder_ / "run.yaml");
  const Answer moved = Trainer("train --resume away/four --data moved.txt --out there");
  EXPECT_EQ(moved.code, 0) << moved.text;
  EXPECT_EQ(Weights("there", 8), Weights("here", 8));

  const Answer before =
      Trainer("train --resume here/checkpoints/step-000000000006 --data moved.txt --out again");
  EXPECT_EQ(before.code, 0) << before.text;
  EXPECT_THAT(before.text, HasSubstr("has 1 bytes instead of"));
  EXPECT_THAT(before.text, HasSubstr("going on from the one of step 4"));
  EXPECT_EQ(Weights("again", 8), Weights("here", 8));

  const std::string mean = "average --out mean.safetensors here/checkpoints/step-00000000000";
  EXPECT_EQ(Trainer(mean + "6 here/checkpoints/step-000000000008").code, 1);
  EXPECT_EQ(Trainer(mean + "4 here/checkpoints/step-000000000008").code, 0);
  EXPECT_EQ(ReadText(folder_ / "mean.safetensors").size(), Weights("here", 8).size());
}

TEST_F(CheckpointCommandTest, WithoutSpecAndCheckpointItSaysWhatIsMissing) {
  EXPECT_THAT(Trainer("train --out x").text, HasSubstr("name a spec file"));
  const Answer none = Trainer("train --resume nowhere --out x");
  EXPECT_NE(none.code, 0);
  EXPECT_THAT(none.text, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace optfleet::trainer
