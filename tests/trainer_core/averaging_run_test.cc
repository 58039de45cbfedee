// Averages of weights in whole runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "spec/averaging.h"
#include "spec/parameters.h"
#include "tests/trainer_core/session_fixture.h"
#include "tests/trainer_core/stored_file.h"
#include "trainer_core/checkpoint/average_files.h"
#include "trainer_core/loop/trainer.h"

namespace optfleet::trainer {
namespace {

using spec::AverageKind;
using testing::ElementsAre;
using testing::SizeIs;

struct AverageCase {
  const char* name;
  spec::AveragingSpec averaging;
  spec::Precision precision = spec::Precision::kFp32;
};

class AveragingTest : public SessionTest, public testing::WithParamInterface<AverageCase> {
 protected:
  spec::TrainingSpec Spec() {
    spec::TrainingSpec spec = SmallSpec(data_);
    spec.training.precision = GetParam().precision;
    spec.model.residual_dropout = 0.1;
    spec.evaluation = {.every_steps = 3, .batches = 2};
    spec.checkpoint = {.every_steps = 1, .keep = 20};
    spec.averaging = GetParam().averaging;
    EXPECT_TRUE(spec::Resolve(&spec).empty());
    return spec;
  }
};

INSTANTIATE_TEST_SUITE_P(
    Cases, AveragingTest,
    testing::Values(
        AverageCase{"exponential", {.kind = AverageKind::kExponential, .every_steps = 2, .decay = 0.75}},
        AverageCase{"window", {.kind = AverageKind::kWindow, .start_step = 2, .window_steps = 4}},
        AverageCase{"tail", {.kind = AverageKind::kTail, .samples = 3, .share = 0.5}},
        AverageCase{
            "pure_bf16", {.kind = AverageKind::kExponential, .decay = 0.5}, spec::Precision::kPureBf16}),
    [](const auto& instance) { return instance.param.name; });

// What a record says without what averaging adds to it.
std::vector<std::string> WithoutAverages(std::vector<std::string> records) {
  for (std::string& record : records)
    for (size_t begin; (begin = record.find(" val_loss_average")) != std::string::npos;) record.resize(begin);
  return records;
}

TEST_P(AveragingTest, ChangesNoNumberOfTheTraining) {
  const spec::TrainingSpec with = Spec();
  spec::TrainingSpec without = with;
  without.averaging = {};
  const auto averaged = Train(with, {}), plain = Train(without, {});
  ASSERT_TRUE(averaged.has_value()) << averaged.error().message();
  EXPECT_EQ(WithoutAverages(Records(*averaged)), Records(*plain));
  EXPECT_EQ(ReadText(Checkpoint(*averaged, 12) + "/weights.safetensors"),
            ReadText(Checkpoint(*plain, 12) + "/weights.safetensors"));
  EXPECT_NE(averaged->result.final.at("val_loss_average"), averaged->result.final.at("val_loss"));
  EXPECT_EQ(averaged->result.final.at("val_loss"), plain->result.final.at("val_loss"));
}

// In fp64, by the formula, from the weights that a checkpoint of every step holds.
TEST_P(AveragingTest, IsTheAverageOfTheWeightsOfItsSteps) {
  const spec::TrainingSpec spec = Spec();
  const auto run = Train(spec, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  NumbersByName expected;
  int64_t samples = 0;
  for (int64_t step = 1; step <= 12; ++step) {
    if (!spec::IsSampled(spec, step)) continue;
    const double share = spec::ShareOfSample(spec.averaging, step, &samples);
    for (auto& [name, weights] : ReadStored(Checkpoint(*run, step) + "/weights.safetensors")) {
      auto& average = expected[name];
      average.values.resize(weights.values.size());
      for (size_t i = 0; i < weights.values.size(); ++i)
        average.values[i] += share * (weights.values[i] - average.values[i]);
    }
  }
  const auto written = ReadStored(Checkpoint(*run, 12) + "/average.safetensors");
  ASSERT_EQ(written.size(), expected.size());
  double largest = 0;
  for (const auto& [name, numbers] : written) {
    EXPECT_EQ(numbers.type, "F32");
    for (size_t i = 0; i < numbers.values.size(); ++i)
      largest = std::max(largest, std::abs(numbers.values[i] - expected[name].values[i]));
  }
  EXPECT_LT(largest, 1e-6);
  EXPECT_FALSE(std::filesystem::exists(Checkpoint(*run, 1) + "/average.safetensors") &&
               !spec::IsSampled(spec, 1));
}

TEST_P(AveragingTest, SurvivesAStopBitForBit) {
  const spec::TrainingSpec spec = Spec();
  const auto whole = Train(spec, {});
  for (const int64_t stop : {1, 7, 9}) {
    const auto first = Train(spec, {.stop_at = stop});
    const auto second = Train(spec, {.resume = Checkpoint(*first, stop)});
    ASSERT_TRUE(second.has_value()) << second.error().message();
    auto series = Records(*first);
    for (const auto& record : Records(*second)) series.push_back(record);
    EXPECT_EQ(series, Records(*whole)) << "stopped at " << stop;
    EXPECT_EQ(ReadText(Checkpoint(*second, 12) + "/average.safetensors"),
              ReadText(Checkpoint(*whole, 12) + "/average.safetensors"));
  }
}

class TailTest : public SessionTest {};

// The seed's way, checkpoints averaged afterwards, gives the same weights to fp32's rounding, and a run that
// begins with them validates as the run itself said.
TEST_F(TailTest, EqualsTheMeanOfCheckpointsOfItsSteps) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.averaging = {.kind = AverageKind::kTail, .samples = 4, .share = 0.5};
  spec.checkpoint = {.every_steps = 1, .keep = 20};
  ASSERT_TRUE(spec::Resolve(&spec).empty());
  const auto run = Train(spec, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  EXPECT_THAT(spec::TailSteps(spec), ElementsAre(8, 9, 11, 12));
  std::vector<std::string> inputs;
  for (const int64_t step : spec::TailSteps(spec)) inputs.push_back(Checkpoint(*run, step));
  const std::string mean = data_ / "mean.safetensors";
  ASSERT_TRUE(AverageFiles(inputs, mean).has_value());
  const auto offline = ReadStored(mean), online = ReadStored(Checkpoint(*run, 12) + "/average.safetensors");
  ASSERT_EQ(offline.size(), online.size());
  for (const auto& [name, numbers] : offline)
    for (size_t i = 0; i < numbers.values.size(); ++i)
      // The running mean rounds at each step: two units in the last place of numbers around 1.
      EXPECT_NEAR(numbers.values[i], online.at(name).values[i], 2.4e-7) << name;

  spec::TrainingSpec still = spec;
  still.averaging = {};
  still.start.weights = mean;
  auto trainer = Trainer::Create(still, at::kCPU);
  ASSERT_TRUE(trainer.has_value()) << trainer.error().message();
  EXPECT_NEAR((*trainer)->Evaluate(Validation::kFinal).loss, run->result.final.at("val_loss_average"), 1e-6);
}

TEST_F(TailTest, TheAverageIsThereFromTheFirstSampleOn) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.averaging = {.kind = AverageKind::kTail, .samples = 3, .share = 0.25};
  spec.evaluation.every_steps = 4;
  ASSERT_TRUE(spec::Resolve(&spec).empty());
  const auto run = Train(spec, {});
  EXPECT_THAT(Column(*run, "val_loss"), SizeIs(3));
  EXPECT_THAT(Column(*run, "val_loss_average"), SizeIs(1));
}

// Held from the first step to the last, so the peak of a run grows by exactly so much.
TEST_F(TailTest, MemoryIsWhatTheSpecCounts) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.evaluation.batches = 1;
  const auto plain = Train(spec, {});
  spec.averaging = {.kind = AverageKind::kExponential};
  ASSERT_TRUE(spec::Resolve(&spec).empty());
  const auto averaged = Train(spec, {});
  const int64_t bytes = spec::BytesOfState(spec).average;
  const double grown =
      averaged->result.final.at("peak_memory_bytes") - plain->result.final.at("peak_memory_bytes");
  const auto tensors = static_cast<double>(spec::Parameters(spec.model).size());
  EXPECT_GE(grown, static_cast<double>(bytes));
  EXPECT_LE(grown, static_cast<double>(bytes) + 64 * tensors);  // an allocation is a multiple of 64 bytes
}

}  // namespace
}  // namespace optfleet::trainer
