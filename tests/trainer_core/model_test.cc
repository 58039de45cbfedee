#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "spec/parameters.h"
#include "tests/trainer_core/small_runs.h"
#include "trainer_core/model/attention.h"
#include "trainer_core/model/precision_scope.h"
#include "trainer_core/model/random_state.h"
#include "trainer_core/model/transformer.h"
#include "trainer_core/optim/gradient.h"

namespace optfleet::trainer {
namespace {

std::vector<spec::TrainingSpec> ShapesOfModels(const TemporaryFolder& folder) {
  std::vector<spec::TrainingSpec> specs;
  for (const bool tied : {true, false}) {
    for (const bool bias : {true, false}) {
      spec::TrainingSpec spec = SmallSpec(folder);
      spec.model.tie_output = tied;
      spec.model.bias = bias;
      spec.model.layers = tied ? 1 : 3;
      specs.push_back(spec);
    }
  }
  return specs;
}

TEST(Transformer, ParametersAreThoseOfTheSpec) {
  const TemporaryFolder folder;
  for (const spec::TrainingSpec& spec : ShapesOfModels(folder)) {
    const Transformer model(spec, at::kCPU);
    const auto expected = spec::Parameters(spec.model);
    ASSERT_EQ(model.parameters().size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(model.parameters()[i].name, expected[i].name);
      EXPECT_EQ(model.parameters()[i].tensor.sizes(), at::IntArrayRef(expected[i].shape)) << expected[i].name;
    }
  }
}

// A parameter that no output depends on would have no gradient: the list and the arithmetic belong together.
TEST(Transformer, EveryParameterIsUsed) {
  const TemporaryFolder folder;
  for (const spec::TrainingSpec& spec : ShapesOfModels(folder)) {
    Transformer model(spec, at::kCPU);
    model.Initialize(1);
    const at::Tensor tokens = at::randint(256, {2, 16}, at::kLong);
    torch::autograd::backward({model.Loss(tokens, tokens, Reduction::kMean, true).total});
    for (const auto& [name, tensor] : model.parameters()) {
      ASSERT_TRUE(tensor.grad().defined()) << name;
      EXPECT_GT(tensor.grad().abs().max().item<double>(), 0) << name;
    }
  }
}

TEST(Transformer, InitialWeightsHaveTheSpreadOfTheSpec) {
  const TemporaryFolder folder;
  spec::TrainingSpec spec = SmallSpec(folder);
  spec.model.width = 64;
  spec.model.mlp_width = 256;
  spec.model.init_std = 0.05;
  Transformer model(spec, at::kCPU);
  model.Initialize(3);
  for (const auto& [name, tensor] : model.parameters()) {
    if (tensor.dim() == 1) {
      const double value = name.ends_with(".weight") ? 1.0 : 0.0;
      EXPECT_TRUE(tensor.eq(value).all().item<bool>()) << name;
      continue;
    }
    const bool residual = name.ends_with("attention.output.weight") || name.ends_with("mlp.down.weight");
    const double expected = residual ? 0.05 / std::sqrt(2.0 * 2) : 0.05;
    EXPECT_NEAR(tensor.detach().std().item<double>(), expected, 0.05 * expected) << name;
  }
}

TEST(Transformer, LossOfFreshWeightsIsThatOfGuessing) {
  const TemporaryFolder folder;
  Transformer model(SmallSpec(folder), at::kCPU);
  model.Initialize(3);
  const at::Tensor tokens = at::randint(256, {4, 16}, at::kLong);
  const at::Tensor targets = at::randint(256, {4, 16}, at::kLong);
  EXPECT_NEAR(model.Loss(tokens, targets, Reduction::kMean, false).nll.item<double>(), std::log(256.0), 0.1);
}

// No position may see what comes behind it: changing the last input leaves the logits before it alone.
TEST(Transformer, IsCausal) {
  const TemporaryFolder folder;
  for (const auto kernel : {spec::Attention::kSdpa, spec::Attention::kManual}) {
    spec::TrainingSpec spec = SmallSpec(folder);
    spec.model.attention = kernel;
    Transformer model(spec, at::kCPU);
    model.Initialize(3);
    const at::Tensor tokens = at::randint(256, {1, 16}, at::kLong);
    at::Tensor changed = tokens.clone();
    changed[0][15] = (changed[0][15] + 1) % 256;
    const at::Tensor before = model.Logits(tokens, false), after = model.Logits(changed, false);
    EXPECT_TRUE(after.slice(0, 0, 15).equal(before.slice(0, 0, 15)));
    EXPECT_FALSE(after[15].equal(before[15]));
  }
}

TEST(Attention, BothKernelsAgree) {
  at::manual_seed(1);
  const at::Tensor qkv = at::randn({2, 9, 3 * 12});
  const at::Tensor mask = CausalMask(16, at::kCPU, at::kFloat);
  const at::Tensor manual = Attend(qkv, mask, {spec::Attention::kManual, 3, 0});
  const at::Tensor fused = Attend(qkv, {}, {spec::Attention::kSdpa, 3, 0});
  EXPECT_LT((manual - fused).abs().max().item<double>(), 1e-6);
}

TEST(Attention, AutoAvoidsTheSlowKernelOfCpus) {
  spec::TrainingSpec spec;
  EXPECT_EQ(ChooseAttention(spec, at::kCPU), spec::Attention::kSdpa);
  spec.training.precision = spec::Precision::kBf16;
  EXPECT_EQ(ChooseAttention(spec, at::kCPU), spec::Attention::kManual);
  EXPECT_EQ(ChooseAttention(spec, at::kCUDA), spec::Attention::kSdpa);
  spec.model.attention = spec::Attention::kSdpa;
  EXPECT_EQ(ChooseAttention(spec, at::kCPU), spec::Attention::kSdpa);
}

struct GradientRun {
  double loss;
  std::vector<at::Tensor> gradients;
  at::Tensor random_after;
};

GradientRun RunOnce(spec::TrainingSpec spec, int64_t recompute_every) {
  spec.training.recompute_every = recompute_every;
  const bool bf16 = spec.training.precision == spec::Precision::kBf16;
  Transformer model(spec, at::kCPU);
  model.Initialize(3);
  SeedRandom(at::kCPU, 9);
  const at::Tensor tokens = at::arange(64, at::kLong).view({4, 16});
  at::Tensor loss;
  {
    PrecisionScope precision(at::kCPU, bf16);
    loss = model.Loss(tokens, tokens, Reduction::kMean, true).total;
  }
  torch::autograd::backward({loss});
  GradientRun run{loss.item<double>(), {}, SaveRandomState(at::kCPU)};
  for (const auto& parameter : model.parameters()) run.gradients.push_back(parameter.tensor.grad());
  return run;
}

TEST(Recompute, EqualsARunWithoutItBitForBit) {
  const TemporaryFolder folder;
  for (const auto precision : {spec::Precision::kFp32, spec::Precision::kBf16}) {
    spec::TrainingSpec spec = SmallSpec(folder);
    spec.model.layers = 3;
    spec.model.attention_dropout = 0.2;
    spec.model.residual_dropout = 0.1;
    spec.model.embedding_dropout = 0.1;
    spec.training.precision = precision;
    const GradientRun plain = RunOnce(spec, 0);
    for (const int64_t every : {1, 2}) {
      const GradientRun again = RunOnce(spec, every);
      EXPECT_EQ(plain.loss, again.loss);
      EXPECT_TRUE(plain.random_after.equal(again.random_after));
      for (size_t i = 0; i < plain.gradients.size(); ++i)
        EXPECT_TRUE(plain.gradients[i].equal(again.gradients[i])) << i;
    }
  }
}

TEST(Dropout, ChangesTrainingAndNothingElse) {
  const TemporaryFolder folder;
  spec::TrainingSpec spec = SmallSpec(folder);
  const double without = RunOnce(spec, 0).loss;
  spec.model.residual_dropout = 0.3;
  EXPECT_NE(RunOnce(spec, 0).loss, without);
  EXPECT_EQ(RunOnce(spec, 0).loss, RunOnce(spec, 0).loss);
}

}  // namespace
}  // namespace optfleet::trainer
