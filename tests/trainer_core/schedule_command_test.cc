// `opt-trainer schedule` as a person meets it. OPTFLEET_TEST_TRAINER names the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/json.h"
#include "tests/trainer_core/answer.h"
#include "tests/trainer_core/temporary_folder.h"

namespace optfleet::trainer {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ScheduleCommandTest : public testing::Test {
 protected:
  Answer Schedule(const std::string& config, const std::string& options = "") {
    return AskTrainer(folder_.path(),
                      "schedule --config '" + folder_.Write("run.yaml", config) + "' " + options);
  }

  TemporaryFolder folder_;
};

TEST_F(ScheduleCommandTest, PrintsALineForEveryStep) {
  const Answer answer = Schedule(
      "data.path: text.txt\nbudget.steps: 4\noptimizer.learning_rate: 0.5\n"
      "schedule: {name: linear, warmup: 50%, final_ratio: 0}\ntraining: {clip_warmup: 1, clip_warmup_factor: "
      "3}\n");
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.text,
            "step,learning_rate,factor,clip_norm\n"
            "1,0.25,0.5,3\n"
            "2,0.5,1,1\n"
            "3,0.25,0.5,1\n"
            "4,0,0,1\n");
}

TEST_F(ScheduleCommandTest, PrintsWhatAdEmaMixWarmsUp) {
  const Answer answer = Schedule(
      "data.path: text.txt\nbudget.steps: 4\nschedule.name: constant\n"
      "optimizer: {name: ademamix, mixture: 8, mixture_warmup: 50%, beta1: 0.5, beta3: 0.75}\n",
      "-o json");
  EXPECT_EQ(answer.code, 0);
  const Json rows = Json::parse(answer.text);
  EXPECT_EQ(rows[0]["mixture"], 4.0);
  EXPECT_EQ(rows[1]["mixture"], 8.0);
  EXPECT_EQ(rows[3]["mixture"], 8.0);
  // Half way between the half-lives of 0.5 (1) and 0.75 (2.41).
  EXPECT_NEAR(rows[0]["beta3"].get<double>(),
              std::exp(std::log(0.5) / ((1 + std::log(0.5) / std::log(0.75)) / 2)), 1e-12);
  EXPECT_EQ(rows[1]["beta3"], 0.75);
}

TEST_F(ScheduleCommandTest, PrintsJsonThatReadsBack) {
  const Answer answer = Schedule("data.path: text.txt\nbudget.steps: 3\n", "-o json");
  EXPECT_EQ(answer.code, 0);
  const Json rows = Json::parse(answer.text);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2]["step"], 3);
  EXPECT_EQ(rows[2]["learning_rate"], 1e-3 * 0.1);
}

TEST_F(ScheduleCommandTest, ARunByTimeIsShownByItsShares) {
  const Answer answer =
      Schedule("data.path: text.txt\nbudget.seconds: 60\nschedule.name: constant\n", "-o json");
  EXPECT_EQ(answer.code, 0);
  const Json rows = Json::parse(answer.text);
  ASSERT_EQ(rows.size(), 1001U);
  EXPECT_EQ(rows[0]["position"], 0.0);
  EXPECT_EQ(rows[1000]["position"], 1.0);
}

TEST_F(ScheduleCommandTest, MistakesComeAllAtOnceWithTheirPlaces) {
  const Answer answer = Schedule(
      "data.path: text.txt\nbudget.steps: 100\nschedule:\n  name: stages\n  stages: constant 1 for 99\n  "
      "cycle: 5\n"
      "training.clip_warmup: 200\n");
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.text,
              HasSubstr("run.yaml:5:11: `schedule.stages`: the stages take only 99 steps of the 100"));
  EXPECT_THAT(answer.text, HasSubstr("run.yaml:6:3: `schedule.cycle` is read by none of the runs"));
  EXPECT_THAT(answer.text, HasSubstr("run.yaml:7:23: `training.clip_warmup` 200 is more than the 100 steps"));
}

TEST_F(ScheduleCommandTest, OfEpochsItLooksAtTheData) {
  const std::string config =
      "data: {path: text.txt, sequence_length: 10}\nbudget.epochs: 2\ntraining.batch_size: 5\n"
      "optimizer.learning_rate: 0.5\nschedule: {name: linear, warmup: 50%, final_ratio: 0}\n";
  const Answer missing = Schedule(config);
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.text, HasSubstr("data.path"));
  folder_.Write("text.txt", std::string(113, 'a'));  // of which 101 train: 10 sequences
  const Answer answer = Schedule(config);
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.text,
            "step,learning_rate,factor,clip_norm\n"
            "1,0.25,0.5,1\n"
            "2,0.5,1,1\n"
            "3,0.25,0.5,1\n"
            "4,0,0,1\n");
}

TEST_F(ScheduleCommandTest, BatchesFollowTheSeedOfTheData) {
  folder_.Write("text.txt", std::string(2000, 'a'));
  const auto batches = [&](const std::string& seeds) {
    const std::string config = "data: {path: text.txt, sequence_length: 10}\nbudget.epochs: 2\n" + seeds;
    return AskTrainer(folder_.path(),
                      "batches --config '" + folder_.Write("run.yaml", config) + "' --steps 3")
        .text;
  };
  const std::string one = batches("training.seed: 1\n");
  EXPECT_THAT(one, StartsWith("{\"step\":1,\"starts\":["));
  EXPECT_NE(batches("training.seed: 2\n"), one);
  EXPECT_EQ(batches("training.seed: 2\ndata.seed: 1\n"), one);
}

TEST_F(ScheduleCommandTest, OtherFormatsAreRefused) {
  const Answer answer = Schedule("data.path: text.txt\nbudget.steps: 3\n", "-o xml");
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.text, StartsWith("--output"));
}

}  // namespace
}  // namespace optfleet::trainer
