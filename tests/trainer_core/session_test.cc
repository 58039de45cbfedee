// Whole runs in their run directories, inside this process.
#include "trainer_core/loop/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/trainer_core/session_fixture.h"
#include "trainer_core/loop/numerics.h"

namespace optfleet::trainer {
namespace {

using testing::HasSubstr;

struct ResumeCase {
  const char* name;
  spec::Precision precision;
  double dropout;
  int64_t recompute_every;
  spec::OptimizerKind optimizer;
};

class ResumeTest : public SessionTest, public testing::WithParamInterface<ResumeCase> {};
INSTANTIATE_TEST_SUITE_P(
    Cases, ResumeTest,
    testing::Values(ResumeCase{"fp32", spec::Precision::kFp32, 0.2, 0, spec::OptimizerKind::kAdamW},
                    ResumeCase{"bf16", spec::Precision::kBf16, 0.2, 0, spec::OptimizerKind::kAdam},
                    ResumeCase{"recompute", spec::Precision::kFp32, 0.2, 1, spec::OptimizerKind::kSgd},
                    ResumeCase{"bf16_recompute", spec::Precision::kBf16, 0.1, 2,
                               spec::OptimizerKind::kAdamW}),
    [](const auto& instance) { return instance.param.name; });

// Dropout, accumulation, two threads, validation in between; stopped at each step in turn.
TEST_P(ResumeTest, EqualsTheUndisturbedRunBitForBit) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.model.attention_dropout = spec.model.residual_dropout = spec.model.embedding_dropout =
      GetParam().dropout;
  spec.training.precision = GetParam().precision;
  spec.training.recompute_every = GetParam().recompute_every;
  spec.optimizer.name = GetParam().optimizer;
  spec.evaluation.every_steps = 4;
  spec.evaluation.batches = 2;
  spec.checkpoint.every_steps = 12;
  const auto whole = Train(spec, {});
  ASSERT_TRUE(whole.has_value()) << whole.error().message();
  ASSERT_EQ(whole->result.outcome, Outcome::kSucceeded);
  const auto expected = Records(*whole);
  const std::string final_weights = ReadText(Checkpoint(*whole, 12) + "/weights.safetensors");
  ASSERT_GT(final_weights.size(), 1000u);

  for (const int64_t stop : {1, 4, 7, 11}) {
    const auto first = Train(spec, {.stop_at = stop});
    ASSERT_TRUE(first.has_value()) << first.error().message();
    EXPECT_EQ(first->result.outcome, Outcome::kPreempted);
    EXPECT_EQ(first->result.last_step, stop);
    const auto second = Train(spec, {.resume = Checkpoint(*first, stop)});
    ASSERT_TRUE(second.has_value()) << second.error().message();
    auto series = Records(*first);
    for (const auto& record : Records(*second)) series.push_back(record);
    EXPECT_EQ(series, expected) << "stopped at " << stop;
    EXPECT_EQ(ReadText(Checkpoint(*second, 12) + "/weights.safetensors"), final_weights);
    EXPECT_EQ(second->result.final.at("val_loss"), whole->result.final.at("val_loss"));
  }
}

TEST_F(SessionTest, CheckpointOfTheLastStepGivesTheSameFiguresAgain) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.checkpoint.every_steps = 12;
  const auto whole = Train(spec, {});
  const auto again = Train(spec, {.resume = Checkpoint(*whole, 12)});
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->result.outcome, Outcome::kSucceeded);
  EXPECT_EQ(again->result.last_record, 0);
  EXPECT_EQ(again->result.final.at("val_loss"), whole->result.final.at("val_loss"));
}

TEST_F(SessionTest, WhatOtherConditionsComputedIsKnownThroughEveryLaterResume) {
  spec::TrainingSpec spec = SmallSpec(data_);
  const auto first = Train(spec, {.stop_at = 3, .threads = 1});
  ASSERT_TRUE(first.has_value()) << first.error().message();
  EXPECT_FALSE(first->result.numerics.contains("resumed_from"));
  const auto second = Train(spec, {.stop_at = 6, .resume = Checkpoint(*first, 3)});
  ASSERT_EQ(second->result.numerics["resumed_from"].size(), 1u);
  EXPECT_EQ(second->result.numerics["resumed_from"][0]["threads"], 1);
  const auto third = Train(spec, {.resume = Checkpoint(*second, 6)});
  EXPECT_EQ(third->result.numerics["threads"], 2);
  EXPECT_EQ(third->result.numerics["resumed_from"], second->result.numerics["resumed_from"]);
}

TEST(StampOfResumed, NamesEachOtherStampOnceTheNewestFirst) {
  const Json one = {{"version", 1}, {"threads", 2}}, two = {{"version", 2}, {"threads", 2}},
             three = {{"version", 2}, {"threads", 4}};
  EXPECT_EQ(StampOfResumed(two, two), two);
  const Json second = StampOfResumed(two, one);
  EXPECT_EQ(second["resumed_from"], Json::array({one}));
  const Json third = StampOfResumed(three, second);
  EXPECT_EQ(third["resumed_from"], Json::array({two, one}));
  const Json fourth = StampOfResumed(two, third);
  EXPECT_EQ(fourth["resumed_from"], Json::array({three, one}));
  EXPECT_EQ(StampOfResumed(two, fourth), fourth);
}

TEST_F(SessionTest, RecordsBeforeACheckpointAreCountedInIt) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.evaluation.every_steps = 3;
  spec.checkpoint.every_steps = 6;
  spec.checkpoint.keep = 5;
  const auto run = Train(spec, {});
  const auto checkpoints = rundir::GoodCheckpoints(run->folder, nullptr);
  ASSERT_EQ(checkpoints.size(), 2u);
  EXPECT_EQ(checkpoints[0].manifest.step, 12);
  EXPECT_EQ(checkpoints[0].manifest.record, 16);
  EXPECT_EQ(checkpoints[1].manifest.record, 8);  // 6 steps, 2 validations
  EXPECT_EQ(run->result.last_record, 16);
}

TEST_F(SessionTest, KeepsOnlyTheNewestCheckpoints) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.checkpoint.every_steps = 2;
  spec.checkpoint.keep = 2;
  const auto run = Train(spec, {});
  const auto checkpoints = rundir::GoodCheckpoints(run->folder, nullptr);
  ASSERT_EQ(checkpoints.size(), 2u);
  EXPECT_EQ(checkpoints[1].manifest.step, 10);
}

TEST_F(SessionTest, DamagedCheckpointIsRefusedWithItsFile) {
  spec::TrainingSpec spec = SmallSpec(data_);
  const auto first = Train(spec, {.stop_at = 5});
  const std::string path = Checkpoint(*first, 5) + "/optimizer.safetensors";
  std::string bytes = ReadText(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
  const auto resumed = Train(spec, {.resume = Checkpoint(*first, 5)});
  ASSERT_FALSE(resumed.has_value());
  EXPECT_EQ(resumed.error().code(), Code::kDataLoss);
  EXPECT_THAT(resumed.error().message(), HasSubstr("optimizer.safetensors has a wrong checksum"));
}

TEST_F(SessionTest, CheckpointOfAnotherSpecOrOtherDataIsRefused) {
  spec::TrainingSpec spec = SmallSpec(data_);
  const auto first = Train(spec, {.stop_at = 5});
  spec::TrainingSpec other = spec;
  other.optimizer.learning_rate *= 2;
  EXPECT_EQ(Train(other, {.resume = Checkpoint(*first, 5)}).error().code(), Code::kFailedPrecondition);
  std::string text = SomeText();
  text[100] = '#';
  data_.Write("text.txt", text);
  EXPECT_THAT(Train(spec, {.resume = Checkpoint(*first, 5)}).error().message(),
              HasSubstr("data.validation_path has changed"));
}

TEST_F(SessionTest, DivergenceIsAResultWithItsFigures) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.optimizer.name = spec::OptimizerKind::kSgd;
  spec.optimizer.learning_rate = 1e4;
  spec.training.clip_norm = 0;
  spec.schedule.warmup = {};
  spec.budget.steps = 200;
  const auto run = Train(spec, {});
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->result.outcome, Outcome::kDiverged);
  EXPECT_THAT(run->result.reason, HasSubstr("not finite"));
  EXPECT_LT(run->result.last_step, 200);
  EXPECT_TRUE(std::isfinite(run->result.final.at("loss")));
  EXPECT_EQ(run->result.final.count("val_loss"), 0u);
}

TEST_F(SessionTest, OutOfMemoryIsAResultWithItsFigures) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.training.batch_size = spec.training.micro_batch = 256;
  spec::Resolve(&spec);
  const auto run = Train(spec, {.memory_bytes = 4 << 20});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  EXPECT_EQ(run->result.outcome, Outcome::kOutOfMemory);
  EXPECT_THAT(run->result.reason, HasSubstr("in step 1:"));
  EXPECT_THAT(run->result.reason, HasSubstr("of the slot's 4.0 MiB"));
  EXPECT_EQ(run->result.final.at("memory_limit_bytes"), 4 << 20);
  EXPECT_GT(run->result.final.at("memory_refused_bytes"), 0);
  EXPECT_LE(run->result.final.at("peak_memory_bytes"), 4 << 20);
}

// The figure by which a person chooses a batch: a limit of exactly the reported peak suffices, a smaller one
// does not.
TEST_F(SessionTest, ReportedPeakIsTheMemoryThatARunNeeds) {
  const spec::TrainingSpec spec = SmallSpec(data_);
  const auto free = Train(spec, {});
  const auto peak = static_cast<int64_t>(free->result.final.at("peak_memory_bytes"));
  EXPECT_EQ(Train(spec, {.memory_bytes = peak})->result.outcome, Outcome::kSucceeded);
  EXPECT_EQ(Train(spec, {.memory_bytes = peak - 64})->result.outcome, Outcome::kOutOfMemory);
}

TEST_F(SessionTest, RecomputationNeedsLessMemory) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.model.layers = 6;
  spec.training.batch_size = spec.training.micro_batch = 64;
  const auto plain = Train(spec, {});
  spec.training.recompute_every = 1;
  const auto again = Train(spec, {});
  EXPECT_LT(again->result.final.at("peak_memory_bytes"), 0.7 * plain->result.final.at("peak_memory_bytes"));
  EXPECT_EQ(again->result.final.at("val_loss"), plain->result.final.at("val_loss"));
}

TEST_F(SessionTest, DeadlineStopsWithACheckpoint) {
  const auto run = Train(SmallSpec(data_), {.deadline_unix_ms = 1});
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->result.outcome, Outcome::kStoppedEarly);
  EXPECT_THAT(run->result.reason, HasSubstr("deadline"));
  EXPECT_EQ(rundir::GoodCheckpoints(run->folder, nullptr).size(), 1u);
}

// A rung of a sweep: validated there though the run would not be, and on with the full horizon from there.
TEST_F(SessionTest, APauseValidatesAndGoesOnToTheSameEnd) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.evaluation.every_steps = 0;
  const auto whole = Train(spec, {});
  const auto paused = Train(spec, {.pause_step = 3});
  ASSERT_TRUE(whole.has_value() && paused.has_value());
  EXPECT_EQ(paused->result.outcome, Outcome::kPreempted);
  EXPECT_EQ(paused->result.last_step, 3);
  EXPECT_THAT(paused->result.reason, HasSubstr("paused after step 3"));
  EXPECT_TRUE(paused->result.final.contains("val_loss"));
  const auto rest = Train(spec, {.resume = Checkpoint(*paused, 3)});
  ASSERT_TRUE(rest.has_value());
  EXPECT_EQ(rest->result.outcome, Outcome::kSucceeded);
  EXPECT_EQ(rest->result.final.at("val_loss"), whole->result.final.at("val_loss"));
  const auto past = Train(spec, {.resume = Checkpoint(*paused, 3), .pause_step = 3});
  EXPECT_EQ(past->result.last_step, 3) << "it is there already";
}

TEST_F(SessionTest, MissingDataIsAnErrorWithItsPath) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.data.path = data_ / "absent.txt";
  const auto run = Train(spec, {});
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().code(), Code::kNotFound);
  EXPECT_THAT(run.error().message(), HasSubstr("absent.txt"));
}

TEST_F(SessionTest, StampSaysWhereTheNumbersCameFrom) {
  const auto run = Train(SmallSpec(data_), {});
  EXPECT_EQ(run->result.numerics["device"], "cpu");
  EXPECT_EQ(run->result.numerics["threads"], 2);
  EXPECT_EQ(run->result.numerics["attention"], "sdpa_flash");
}

}  // namespace
}  // namespace optfleet::trainer
