// Diagnostics in whole runs: they change no number of the training, survive stops bit for bit, and come when
// they should. What each figure must be is checked against PyTorch in python/parity/diagnostics_parity.py.
#include "trainer_core/diagnostics/diagnostics.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/rundir/metrics_log.h"
#include "tests/trainer_core/session_fixture.h"
#include "trainer_core/diagnostics/activations.h"
#include "trainer_core/diagnostics/sums.h"

namespace optfleet::trainer {
namespace {

using spec::LayerChoice;
using spec::OptimizerKind;
using testing::ElementsAre;

spec::DiagnosticsSpec Everything() {
  spec::DiagnosticsSpec on;
  on.gradient_norms = on.update_norms = on.adam_moments = on.lion_cosine = on.clipping_rate = true;
  on.activation_rms = on.attention_entropy = LayerChoice::kAll;
  on.gradient_coherence = on.noise_scale = on.loss_spikes = on.phase_times = on.flops = true;
  on.spike_window = 8;
  on.every_steps = 3;
  on.parameters_every_steps = 4;
  on.peak_flops = 1e12;
  return on;
}

struct NumbersCase {
  const char* name;
  OptimizerKind optimizer;
  spec::Precision precision;
  spec::Attention attention;
  double dropout;
  int64_t recompute_every;
};

class DiagnosticsNumbersTest : public SessionTest, public testing::WithParamInterface<NumbersCase> {};
INSTANTIATE_TEST_SUITE_P(
    Cases, DiagnosticsNumbersTest,
    testing::Values(
        NumbersCase{"fp32", OptimizerKind::kAdamW, spec::Precision::kFp32, spec::Attention::kSdpa, 0, 0},
        NumbersCase{"bf16_dropout_recompute", OptimizerKind::kLion, spec::Precision::kBf16,
                    spec::Attention::kManual, 0.1, 1},
        NumbersCase{"pure_bf16", OptimizerKind::kAdamW, spec::Precision::kPureBf16, spec::Attention::kManual,
                    0, 0},
        NumbersCase{"muon", OptimizerKind::kMuon, spec::Precision::kFp32, spec::Attention::kSdpa, 0, 0}),
    [](const auto& instance) { return instance.param.name; });

TEST_P(DiagnosticsNumbersTest, ChangeNoNumberOfTheTraining) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.optimizer.name = GetParam().optimizer;
  spec.training.precision = GetParam().precision;
  spec.training.micro_batch = 2;
  spec.training.z_loss = 1e-3;
  spec.training.recompute_every = GetParam().recompute_every;
  spec.model.attention = GetParam().attention;
  spec.model.attention_dropout = spec.model.residual_dropout = GetParam().dropout;
  spec.checkpoint.every_steps = 12;
  const auto plain = Train(spec, {});
  ASSERT_TRUE(plain.has_value()) << plain.error().message();
  spec.diagnostics = Everything();
  ASSERT_TRUE(spec::Resolve(&spec).empty());
  const auto watched = Train(spec, {});
  ASSERT_TRUE(watched.has_value()) << watched.error().message();

  for (const char* key : {"loss", "grad_norm", "z_loss", "val_loss"})
    EXPECT_EQ(Column(*plain, key), Column(*watched, key)) << key;
  for (const char* file : {"/weights.safetensors", "/optimizer.safetensors"})
    EXPECT_EQ(ReadText(Checkpoint(*plain, 12) + file), ReadText(Checkpoint(*watched, 12) + file)) << file;
  EXPECT_TRUE(Column(*plain, "grad_norm/blocks.0").empty());
  EXPECT_EQ(Column(*watched, "grad_norm/blocks.0").size(), 5u);  // steps 1, 3, 6, 9, 12
}

class DiagnosticsTest : public SessionTest {
 protected:
  // Keys of the records of a step, without those that every step has.
  static std::set<std::string> KeysOf(const Trained& run, int64_t step) {
    rundir::LogReader reader(run.folder + "/metrics.log");
    std::set<std::string> keys;
    const auto records = reader.Read(10000);
    for (const auto& record : records.value())
      for (const auto& point : record.points)
        if (record.step == step) keys.insert(reader.keys()[point.key]);
    return keys;
  }
};

TEST_F(DiagnosticsTest, SurviveStopsBitForBit) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.diagnostics = Everything();
  spec.diagnostics.flops = spec.diagnostics.phase_times = false;  // measured, not computed
  spec.diagnostics.every_steps = 2;
  ASSERT_TRUE(spec::Resolve(&spec).empty());
  ExpectSurvivesStops(spec, 12);
}

TEST_F(DiagnosticsTest, EveryKindComesAtItsSteps) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.diagnostics = Everything();
  ASSERT_TRUE(spec::Resolve(&spec).empty());
  const auto run = Train(spec, {.now = OneSecondALook()});
  ASSERT_TRUE(run.has_value()) << run.error().message();

  const auto third = KeysOf(*run, 3);
  for (const char* key : {"grad_norm/blocks.1", "grad_norm/token_embedding", "grad_norm/norms", "update_norm",
                          "update_ratio/final_norm", "activation_rms/blocks.1", "attention_entropy/blocks.0",
                          "first_moment_norm", "second_moment_norm", "snr_norm", "clipping_rate",
                          "grad_coherence", "noise_scale/trace", "loss_spikes", "loss_spike_height",
                          "seconds/forward", "seconds/rest", "flops_per_second", "mfu"})
    EXPECT_TRUE(third.contains(key)) << key;
  EXPECT_FALSE(third.contains("lion_cosine"));  // no rule of this run
  EXPECT_FALSE(third.contains("weight_norm/final_norm.weight"));
  EXPECT_FALSE(KeysOf(*run, 2).contains("grad_norm/blocks.1"));
  const auto fourth = KeysOf(*run, 4);
  for (const char* key :
       {"weight_min/blocks.0.mlp.up.weight", "grad_max/final_norm.bias",
        "first_moment_mean/blocks.1.attention.qkv.weight", "second_moment_norm/final_norm.weight"})
    EXPECT_TRUE(fourth.contains(key)) << key;
  EXPECT_FALSE(fourth.contains("update_norm"));
  for (const char* key : {"clipping_rate", "loss_spikes", "flops_per_second", "mfu", "peak_flops_per_second"})
    EXPECT_TRUE(run->result.final.contains(key)) << key;
}

TEST_F(DiagnosticsTest, PhasesMakeUpTheStep) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.diagnostics.phase_times = true;
  spec.diagnostics.gradient_coherence = true;
  spec.diagnostics.every_steps = 1;
  spec.checkpoint.every_steps = 5;
  const auto run = Train(spec, {.now = OneSecondALook()});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  const auto steps = Column(*run, "step_seconds");
  std::vector<double> sums(steps.size(), 0.0);
  for (const char* phase : {"data", "forward", "backward", "optimizer", "diagnostics", "rest"}) {
    const auto seconds = Column(*run, std::string("seconds/") + phase);
    ASSERT_EQ(seconds.size(), steps.size());
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += seconds[i];
  }
  EXPECT_EQ(sums, steps);
  // Every look at this clock takes a second: each of two microbatches enters these once, and the whole batch
  // is taken before; one update.
  EXPECT_EQ(Column(*run, "seconds/forward").front(), 2);
  EXPECT_EQ(Column(*run, "seconds/data").front(), 3);
  EXPECT_EQ(Column(*run, "seconds/optimizer").front(), 1);
  EXPECT_THAT(Column(*run, "seconds/checkpoint"), ElementsAre(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0));
}

TEST_F(DiagnosticsTest, FlopsAreTokensTimesTheirWork) {
  spec::TrainingSpec spec = SmallSpec(data_);
  spec.diagnostics.flops = true;
  spec.diagnostics.peak_flops = 5e9;
  spec.diagnostics.every_steps = 1;
  const auto run = Train(spec, {.now = OneSecondALook()});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  const double flops = spec::FlopsPerToken(spec.model, 16);
  EXPECT_DOUBLE_EQ(Column(*run, "flops_per_second").back(), Column(*run, "tokens_per_second").back() * flops);
  EXPECT_DOUBLE_EQ(Column(*run, "mfu").back(), Column(*run, "flops_per_second").back() / 5e9);
  EXPECT_DOUBLE_EQ(run->result.final.at("mfu") * 5e9, run->result.final.at("tokens_per_second") * flops);

  spec.diagnostics.peak_flops = 0;  // of a CPU none is known
  const auto unknown = Train(spec, {.now = OneSecondALook()});
  EXPECT_TRUE(Column(*unknown, "mfu").empty());
  EXPECT_EQ(Column(*unknown, "flops_per_second").size(), 12u);
}

// A batch of equal microbatches has no noise: they agree fully and the estimate of S is 0.
TEST_F(DiagnosticsTest, EqualMicrobatchesHaveNoNoise) {
  spec::TrainingSpec spec = SmallSpec(data_);
  std::string repeated;
  for (int i = 0; i < 4000; ++i) repeated += 'a';
  spec.data.path = data_.Write("same.txt", repeated);
  spec.diagnostics.gradient_coherence = spec.diagnostics.noise_scale = true;
  spec.diagnostics.every_steps = 1;
  const auto run = Train(spec, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  EXPECT_NEAR(Column(*run, "grad_coherence").front(), 1, 1e-6);
  EXPECT_NEAR(Column(*run, "noise_scale").front(), 0, 1e-5);
}

TEST(AttentionRows, EqualScoresSpreadEvenlyAndABiasMovesThem) {
  const AttentionScores scores{at::zeros({1, 2, 4, 8}), at::zeros({1, 1, 4, 8})};
  const at::Tensor rows = AttentionRows(scores, 2, 3);
  EXPECT_EQ(rows.sizes(), at::IntArrayRef({1, 2, 3, 3}));
  for (int64_t row = 0; row < 3; ++row)
    for (int64_t column = 0; column < 3; ++column)
      EXPECT_FLOAT_EQ(rows[0][1][row][column].item<float>(),
                      column > row ? 0.0f : 1.0f / static_cast<float>(row + 1));
  AttentionScores biased = scores;
  biased.bias = at::zeros({2, 4, 4});
  biased.bias.index_put_({at::tensor(1), at::tensor(2), at::tensor(0)}, at::tensor(50.0f));
  EXPECT_NEAR(AttentionRows(biased, 2, 3)[0][1][2][0].item<float>(), 1, 1e-6);
  EXPECT_NEAR(AttentionRows(biased, 2, 3)[0][0][2][0].item<float>(), 1.0 / 3, 1e-6);
}

// Four query heads over two key heads: the first two share the first.
TEST(AttentionRows, GroupedHeadsReadTheirKeys) {
  at::Tensor queries = at::zeros({1, 4, 2, 1}), keys = at::zeros({1, 2, 2, 1});
  queries.fill_(1);
  keys.select(1, 0).select(1, 1).fill_(3);
  const at::Tensor rows = AttentionRows({queries, keys}, 4, 2);
  const double first = 1 / (1 + std::exp(3.0));
  EXPECT_NEAR(rows[0][0][1][0].item<double>(), first, 1e-6);
  EXPECT_NEAR(rows[0][1][1][0].item<double>(), first, 1e-6);
  EXPECT_NEAR(rows[0][2][1][0].item<double>(), 0.5, 1e-6);
}

TEST(Sums, OfManyElementsKeepTheirDigits) {
  const at::Tensor x = at::full({3, 1000003}, 0.1f);
  const double square = static_cast<double>(0.1f) * static_cast<double>(0.1f);
  EXPECT_NEAR(SumOfSquares(x).item<double>() / (square * 3000009), 1, 1e-9);
  EXPECT_NEAR(Dot(x, x).item<double>() / (square * 3000009), 1, 1e-6);
  EXPECT_EQ(SumOfSquaredDifference(x, x.clone()).item<double>(), 0);
}

TEST(ChosenLayers, AreEachOnce) {
  EXPECT_THAT(ChosenLayers(LayerChoice::kEnds, 12), ElementsAre(0, 6, 11));
  EXPECT_THAT(ChosenLayers(LayerChoice::kEnds, 2), ElementsAre(0, 1));
  EXPECT_THAT(ChosenLayers(LayerChoice::kEnds, 1), ElementsAre(0));
  EXPECT_THAT(ChosenLayers(LayerChoice::kAll, 3), ElementsAre(0, 1, 2));
  EXPECT_TRUE(ChosenLayers(LayerChoice::kNone, 3).empty());
}

}  // namespace
}  // namespace optfleet::trainer
