// Seeds 0 to 3 at their original size: how many jobs, and the figures that make each run what it is. [S]
// stands in the seed, [R] in the code of its repository; what neither says is ours, and the files say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "spec/data/data_parts.h"
#include "spec/epochs.h"
#include "spec/parameters.h"
#include "tests/sweeps/shipped.h"

namespace optfleet::sweeps {
namespace {

using spec::Attention;
using spec::OptimizerKind;
using spec::TrainingSpec;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<TrainingSpec> Specs(const std::string& name) {
  const auto result =
      ExpandSweep(testing::ShippedSweep(OPTFLEET_SOURCE_DIR "/sweeps/seeds/" + name + ".yaml"));
  EXPECT_TRUE(result.expansion) << name << "\n" << result.diagnostics.Render();
  std::vector<TrainingSpec> specs;
  if (result.expansion)
    for (const Job& job : result.expansion->jobs) specs.push_back(job.spec);
  return specs;
}

// One figure of every job, in order.
template <class Figure>
auto All(const std::string& name, Figure figure) {
  std::vector<decltype(figure(TrainingSpec{}))> values;
  for (const TrainingSpec& spec : Specs(name)) values.push_back(figure(spec));
  return values;
}

int64_t Layers(const TrainingSpec& spec) { return spec.model.layers; }
int64_t Width(const TrainingSpec& spec) { return spec.model.width; }
int64_t Batch(const TrainingSpec& spec) { return spec.training.batch_size; }
int64_t Recompute(const TrainingSpec& spec) { return spec.training.recompute_every; }
int64_t Steps(const TrainingSpec& spec) { return spec.budget.steps; }
double Seconds(const TrainingSpec& spec) { return spec.budget.seconds; }
double Epochs(const TrainingSpec& spec) { return spec.budget.epochs; }
// 90 % of the 2,088,628 tokens of WikiText-2 train.
int64_t StepsOnWikiText(const TrainingSpec& spec) {
  const int64_t sequences =
      data::CountSequences(data::TrainingShare(2'088'628, 0.1), spec.data.sequence_length);
  return spec::StepsOfEpochs(spec.budget.epochs, sequences, spec.training.batch_size);
}
double Rate(const TrainingSpec& spec) { return spec.optimizer.learning_rate; }
OptimizerKind Rule(const TrainingSpec& spec) { return spec.optimizer.name; }
Attention AttentionOf(const TrainingSpec& spec) { return spec.model.attention; }
int64_t Parameters(const TrainingSpec& spec) { return spec::CountParameters(spec.model); }

TEST(ShippedSeeds, ZeroMeasuresTheRowsOfItsTables) {
  // [S] the table of gpt2-xl, its six rows and two of 8-bit Adam, each for a minute and a half
  EXPECT_THAT(All("0/memory", Parameters), AllOf(SizeIs(8), Each(1'557'611'200)));
  EXPECT_THAT(All("0/memory", Recompute), ElementsAre(0, 1, 0, 0, 1, 1, 0, 1));
  EXPECT_THAT(
      All("0/memory", AttentionOf),
      ElementsAre(Attention::kManual, Attention::kManual, Attention::kSdpaFlash, Attention::kManual,
                  Attention::kSdpaFlash, Attention::kSdpaFlash, Attention::kManual, Attention::kSdpaFlash));
  EXPECT_THAT(All("0/memory", Rule),
              ElementsAre(OptimizerKind::kAdamW, OptimizerKind::kAdamW, OptimizerKind::kAdamW,
                          OptimizerKind::kLion, OptimizerKind::kAdamW, OptimizerKind::kLion,
                          OptimizerKind::kAdamW8bit, OptimizerKind::kAdamW8bit));
  EXPECT_THAT(All("0/memory", Seconds), Each(90));
  EXPECT_THAT(All("0/memory", Batch), Each(4));  // [S]
  EXPECT_THAT(All("0/memory", [](const TrainingSpec& spec) { return spec.data.sequence_length; }),
              Each(256));                             // [S]
  EXPECT_THAT(All("0/memory", Rate), Each(1e-4));     // [R]
  for (const TrainingSpec& spec : Specs("0/memory"))  // [R] betas of AdamW and Lion
    EXPECT_EQ(spec.optimizer.beta2, spec.optimizer.name == OptimizerKind::kLion ? 0.99 : 0.95);

  // [S] the table of Cerebras-GPT-2.7B: five rows, each at eight batches
  const auto largest = Specs("0/max_batch");
  ASSERT_THAT(largest, SizeIs(40));
  EXPECT_THAT(All("0/max_batch", Layers), Each(32));
  EXPECT_THAT(All("0/max_batch", Steps), Each(3));
  for (size_t row = 0; row < 5; ++row) {
    EXPECT_EQ(Rule(largest[row * 8]), row == 0 ? OptimizerKind::kAdamW : OptimizerKind::kLion);
    EXPECT_EQ(AttentionOf(largest[row * 8]), row < 3 ? Attention::kSdpaFlash : Attention::kManual);
    EXPECT_EQ(Recompute(largest[row * 8]), row < 2 || row == 3 ? 1 : 0);
    for (size_t i = 0; i < 8; ++i) EXPECT_EQ(Batch(largest[row * 8 + i]), 1 << i);
  }
}

TEST(ShippedSeeds, ZeroComparesOptimizersByTimeRateAndSize) {
  EXPECT_THAT(All("0/convergence", Layers), ElementsAre(48, 48, 48, 32, 32, 32));  // [S] both models
  EXPECT_THAT(All("0/convergence", Seconds), Each(4 * 3600));  // [S] four devices for an hour
  EXPECT_THAT(All("0/convergence", Batch), Each(16));          // four devices' batches of four
  EXPECT_THAT(All("0/stability", Rate), AllOf(SizeIs(30), Each(AnyOf(1e-4, 5e-4))));  // [R]
  const std::vector<int64_t> widths = All("0/size", Width);  // [R] the four of GPT-2, [S] and Cerebras-GPT
  EXPECT_THAT(widths, ElementsAre(768, 1024, 1280, 1600, 768, 1024, 1280, 1600, 768, 1024, 1280, 1600, 2560,
                                  2560, 2560));
}

TEST(ShippedSeeds, OneIsTheRunOf580Million) {
  const auto specs = Specs("1/softmax");
  ASSERT_THAT(specs, SizeIs(2));
  EXPECT_EQ(specs[0].training.softmax_precision, spec::SoftmaxPrecision::kBf16);  // [R] as it was
  const auto averaging = Specs("1/averaging");
  ASSERT_THAT(averaging, SizeIs(1));
  const TrainingSpec& run = averaging[0];
  EXPECT_EQ(Layers(run), 18);                                   // [S]
  EXPECT_EQ(Width(run), 1536);                                  // [S]
  EXPECT_EQ(run.model.mlp_width, 6144);                         // [S]
  EXPECT_EQ(run.model.heads, 12);                               // [S]
  EXPECT_EQ(run.model.vocab_size, 50304);                       // [S]
  EXPECT_EQ(run.model.residual_dropout, 0.1);                   // [S]
  EXPECT_EQ(run.model.embedding_dropout, 0);                    // [S]
  EXPECT_EQ(Steps(run), 97'000);                                // [S]
  EXPECT_EQ(Batch(run) * run.data.sequence_length, 524288);     // [S] half a million tokens
  EXPECT_EQ(run.budget.tokens, 50'855'936'000);                 // [R]
  EXPECT_EQ(Rate(run), 2.5e-4);                                 // [S]
  EXPECT_EQ(run.optimizer.weight_decay, 0.1);                   // [S]
  EXPECT_EQ(run.optimizer.decay_on, spec::DecayOn::kMatrices);  // [R]
  EXPECT_EQ(run.optimizer.beta2, 0.95);                         // [R]
  EXPECT_EQ(run.schedule.warmup, spec::Steps(2000));            // [S]
  EXPECT_EQ(run.schedule.horizon, spec::Steps(90'000));         // [R]
  EXPECT_EQ(run.schedule.final_ratio, 0.1);                     // [S]
  EXPECT_EQ(run.training.clip_norm, 0);                         // [R]
  EXPECT_EQ(run.training.clip_value, 1);                        // [R]
  EXPECT_EQ(run.averaging.samples, 4);                          // [S]
  EXPECT_EQ(run.averaging.share, 0.2);                          // [S]
}

TEST(ShippedSeeds, TwoTrainsForThreeHours) {
  for (const auto& [name, jobs] : std::map<std::string, size_t>{{"scaling", 6},
                                                                {"width_depth", 3},
                                                                {"batch", 4},
                                                                {"dropout", 2},
                                                                {"lr", 3},
                                                                {"schedules", 5},
                                                                {"architecture", 2},
                                                                {"eight_bit", 2}}) {
    const auto specs = Specs("2/" + name);
    EXPECT_THAT(specs, SizeIs(jobs)) << name;
    for (const TrainingSpec& spec : specs) {
      EXPECT_EQ(Seconds(spec), 3 * 3600) << name;  // [S]
      EXPECT_EQ(spec.data.seed, 1337) << name;     // [R]
    }
  }
  EXPECT_THAT(All("2/best", Parameters), ElementsAre(166'063'872, 208'933'632, 208'540'416));  // [S]
  EXPECT_THAT(All("2/best", Steps), ElementsAre(28'000, 0, 0));                                // [R]
  const TrainingSpec best = Specs("2/best").front();
  EXPECT_EQ(Batch(best), 66);                                  // [S]
  EXPECT_EQ(best.data.sequence_length, 512);                   // [R]
  EXPECT_EQ(Rate(best), 1e-3);                                 // [S]
  EXPECT_EQ(best.optimizer.decay_on, spec::DecayOn::kLinear);  // [R]
  EXPECT_EQ(best.schedule.start_ratio, 0.01);                  // [R]
  EXPECT_EQ(best.schedule.warmup, spec::Steps(1400));          // [R]
  EXPECT_EQ(best.model.residual_dropout, 0.05);                // [R]
}

TEST(ShippedSeeds, TwoVariesWhatItSays) {
  // [S] depths, and 170M by the law, which is the model of 18 layers; 7 layers at the utilisation that it had
  EXPECT_THAT(All("2/scaling", Layers), ElementsAre(6, 8, 12, 18, 24, 7));
  const auto scaling = ExpandSweep(testing::ShippedSweep(OPTFLEET_SOURCE_DIR "/sweeps/seeds/2/scaling.yaml"));
  ASSERT_THAT(scaling.expansion->merged_points, SizeIs(1));
  EXPECT_EQ(scaling.expansion->merged_points[0].job, 4);
  for (const TrainingSpec& spec : Specs("2/width_depth"))  // [S] 12 d^2 L
    EXPECT_EQ(Layers(spec) * Width(spec) * (4 * Width(spec) + 3 * spec.model.mlp_width), 12 * 768 * 768 * 18);
  EXPECT_THAT(All("2/batch", Batch), ElementsAre(66, 128, 256, 512));  // [S], [R] 128
  EXPECT_THAT(All("2/dropout", [](const TrainingSpec& spec) { return spec.model.attention_dropout; }),
              ElementsAre(0, 0.05));
  EXPECT_EQ(Rate(Specs("2/lr").front()), 1e-3);                                             // [S]
  EXPECT_EQ(Rule(Specs("2/schedules").back()), OptimizerKind::kScheduleFreeAdamW);          // [S]
  EXPECT_EQ(Specs("2/architecture").back().model.residual, spec::ResidualKind::kWeighted);  // [S]
}

TEST(ShippedSeeds, ThreeIsTwelveLayersOf768) {
  for (const auto& [name, jobs] : std::map<std::string, size_t>{{"lr_batch", 10},
                                                                {"optimizers", 4},
                                                                {"checkpointing", 4},
                                                                {"frontier", 36},
                                                                {"accumulation", 10},
                                                                {"precision", 2},
                                                                {"attention", 2}}) {
    const auto specs = Specs("3/" + name);
    EXPECT_THAT(specs, SizeIs(jobs)) << name;
    for (const TrainingSpec& spec : specs) {  // [R]
      EXPECT_EQ(Layers(spec), 12) << name;
      EXPECT_EQ(Width(spec), 768) << name;
      EXPECT_EQ(spec.model.heads, 8) << name;
      EXPECT_EQ(spec.data.sequence_length, 1024) << name;
      EXPECT_EQ(spec.model.norm_placement, spec::NormPlacement::kPost) << name;
      EXPECT_TRUE(name == "lr_batch" || Rate(spec) == 3e-5) << name;
    }
  }
}

TEST(ShippedSeeds, ThreeWorksInStages) {
  const auto result = ExpandSweep(testing::ShippedSweep(OPTFLEET_SOURCE_DIR "/sweeps/seeds/3/protocol.yaml"));
  ASSERT_TRUE(result.expansion) << result.diagnostics.Render();
  ASSERT_THAT(result.expansion->stages, SizeIs(3));
  EXPECT_EQ(result.expansion->stages[0].jobs, 10);  // as lr_batch
  EXPECT_EQ(result.expansion->stages[1].jobs, 20);
  EXPECT_EQ(result.expansion->stages[2].jobs, 12);  // four optimizers, three seeds
}

TEST(ShippedSeeds, ZeroLooksForTheLargestBatchOfEachRow) {
  EXPECT_THAT(All("0/largest_batch", Batch), SizeIs(5));
  EXPECT_THAT(All("0/largest_batch", Recompute), ElementsAre(1, 1, 0, 1, 0));
}

TEST(ShippedSeeds, ThreeVariesWhatItSays) {
  EXPECT_THAT(All("3/lr_batch", Rate),
              ElementsAre(1e-5, 1e-5, 3e-5, 3e-5, 1e-4, 1e-4, 3e-4, 3e-4, 1e-3, 1e-3));        // [R]
  EXPECT_THAT(All("3/lr_batch", Batch), ElementsAre(12, 20, 12, 20, 12, 20, 12, 20, 12, 20));  // [R]
  EXPECT_THAT(All("3/lr_batch", Epochs), Each(5));                                             // [S]
  EXPECT_THAT(All("3/lr_batch", StepsOnWikiText),
              ElementsAre(765, 459, 765, 459, 765, 459, 765, 459, 765, 459));
  EXPECT_THAT(All("3/checkpointing", Recompute), ElementsAre(0, 5, 2, 1));  // [R]
  EXPECT_THAT(All("3/accumulation", Batch),
              ElementsAre(28, 56, 84, 112, 168, 224, 336, 448, 672, 896));  // [R]
  EXPECT_THAT(All("3/accumulation", [](const TrainingSpec& spec) { return spec.training.micro_batch; }),
              Each(28));                                                          // [R]
  EXPECT_THAT(All("3/norms", Width), ElementsAre(128, 512, 128, 512, 128, 512));  // [R]
  EXPECT_THAT(All("3/norms", Layers), ElementsAre(4, 12, 4, 12, 4, 12));          // [R]
  EXPECT_THAT(All("3/norms", StepsOnWikiText), Each(459));  // as its stage of a warm-up has it
  EXPECT_THAT(All("3/norms", Rate), Each(1e-3));            // [R]
}

}  // namespace
}  // namespace optfleet::sweeps
