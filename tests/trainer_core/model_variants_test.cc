// Whole models of every part: each parameter is used, none looks ahead, recomputation and dropout repeat.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "spec/parameters.h"
#include "spec/presets.h"
#include "tests/trainer_core/small_runs.h"
#include "trainer_core/loop/trainer.h"
#include "trainer_core/model/precision_scope.h"
#include "trainer_core/model/random_state.h"
#include "trainer_core/model/transformer.h"

namespace optfleet::trainer {
namespace {

using spec::Attention;
using spec::Choose;
using spec::InitKind;
using spec::ModelPreset;
using spec::ModelSpec;
using spec::Precision;

struct Variant {
  std::string name;
  ModelSpec model;
};

// The tiny models of the presets, and what they leave out.
std::vector<Variant> Variants() {
  std::vector<Variant> variants;
  const auto add = [&](const char* name, ModelPreset preset, const auto& change) {
    ModelSpec model = spec::ModelOfPreset(preset);
    model.embedding_dropout = model.attention_dropout = model.residual_dropout = 0;
    model.attention = Attention::kAuto;
    change(&model);
    variants.push_back({name, model});
  };
  const auto same = [](ModelSpec*) {};
  add("gpt2", ModelPreset::kTinyGpt2, same);
  add("llama", ModelPreset::kTinyLlama, same);
  add("olmo", ModelPreset::kTinyOlmo, same);
  add("transformer-room", ModelPreset::kTinyTransformerRoom, same);
  add("grouped", ModelPreset::kTinyLlama, [](ModelSpec* m) { m->kv_heads = 2, m->qk_norm = true; });
  add("alibi", ModelPreset::kTinyGpt2, [](ModelSpec* m) { m->position = spec::PositionKind::kAlibi; });
  add("weighted", ModelPreset::kTinyLlama,
      [](ModelSpec* m) { m->layers = 3, m->residual = spec::ResidualKind::kWeighted; });
  add("no positions", ModelPreset::kTinyOlmo, [](ModelSpec* m) {
    m->position = spec::PositionKind::kNone, m->mlp_bias = Choose::kYes, m->mlp = spec::MlpKind::kRelu;
  });
  add("post-norm of rms", ModelPreset::kTinyTransformerRoom, [](ModelSpec* m) {
    m->norm = spec::NormKind::kRmsNorm, m->final_norm = Choose::kYes, m->mlp = spec::MlpKind::kSwiglu;
  });
  return variants;
}

spec::TrainingSpec RunOf(const TemporaryFolder& folder, const ModelSpec& model) {
  spec::TrainingSpec spec = SmallSpec(folder);
  spec.model = model;
  EXPECT_TRUE(spec::Resolve(&spec).empty());
  return spec;
}

TEST(Variants, ParametersAreThoseOfTheSpecAndAllAreUsed) {
  const TemporaryFolder folder;
  for (const auto& [name, shape] : Variants()) {
    const spec::TrainingSpec spec = RunOf(folder, shape);
    Transformer model(spec, at::kCPU);
    model.Initialize(1);
    const at::Tensor tokens = at::randint(256, {2, 16}, at::kLong);
    torch::autograd::backward({model.Loss(tokens, tokens, Reduction::kMean, true).total});
    const auto expected = spec::Parameters(spec.model);
    ASSERT_EQ(model.parameters().size(), expected.size()) << name;
    for (size_t i = 0; i < expected.size(); ++i) {
      const auto& [parameter, tensor] = model.parameters()[i];
      EXPECT_EQ(parameter, expected[i].name);
      EXPECT_EQ(tensor.sizes(), at::IntArrayRef(expected[i].shape)) << name << " " << parameter;
      ASSERT_TRUE(tensor.grad().defined()) << name << " " << parameter;
      if (parameter == "blocks.0.residual_mix.weight") continue;  // a choice of one
      EXPECT_GT(tensor.grad().abs().max().item<double>(), 0) << name << " " << parameter;
    }
  }
}

TEST(Variants, NoneLooksAhead) {
  const TemporaryFolder folder;
  for (const auto& [name, shape] : Variants()) {
    for (const auto kernel : {Attention::kSdpa, Attention::kManual}) {
      spec::TrainingSpec spec = RunOf(folder, shape);
      spec.model.attention = kernel;
      Transformer model(spec, at::kCPU);
      model.Initialize(3);
      const at::Tensor tokens = at::randint(256, {1, 16}, at::kLong);
      at::Tensor changed = tokens.clone();
      changed[0][15] = (changed[0][15] + 1) % 256;
      const at::Tensor before = model.Logits(tokens, false), after = model.Logits(changed, false);
      EXPECT_TRUE(after.slice(0, 0, 15).equal(before.slice(0, 0, 15))) << name;
      EXPECT_FALSE(after[15].equal(before[15])) << name;
    }
  }
}

struct GradientRun {
  double loss;
  std::vector<at::Tensor> gradients;
};

GradientRun RunOnce(spec::TrainingSpec spec, int64_t recompute_every) {
  spec.training.recompute_every = recompute_every;
  Transformer model(spec, at::kCPU);
  model.Initialize(3);
  SeedRandom(at::kCPU, 9);
  const at::Tensor tokens = at::arange(64, at::kLong).view({4, 16});
  at::Tensor loss;
  {
    PrecisionScope precision(at::kCPU, spec.training.precision == Precision::kBf16);
    loss = model.Loss(tokens, tokens, Reduction::kMean, true).total;
  }
  torch::autograd::backward({loss});
  GradientRun run{loss.item<double>(), {}};
  for (const auto& parameter : model.parameters()) run.gradients.push_back(parameter.tensor.grad());
  return run;
}

TEST(Variants, RecomputeAndDropoutRepeatBitForBitInEveryPrecision) {
  const TemporaryFolder folder;
  for (auto [name, shape] : Variants()) {
    shape.attention_dropout = shape.residual_dropout = shape.embedding_dropout = 0.1;
    for (const auto precision : {Precision::kFp32, Precision::kBf16, Precision::kPureBf16}) {
      spec::TrainingSpec spec = RunOf(folder, shape);
      spec.training.precision = precision;
      const GradientRun plain = RunOnce(spec, 0), again = RunOnce(spec, 1);
      EXPECT_TRUE(std::isfinite(plain.loss));
      EXPECT_EQ(plain.loss, again.loss) << name;
      for (size_t i = 0; i < plain.gradients.size(); ++i)
        EXPECT_TRUE(plain.gradients[i].equal(again.gradients[i])) << name << " " << i;
    }
  }
}

TEST(Variants, Bf16IsNearFp32) {
  const TemporaryFolder folder;
  for (const auto& [name, shape] : Variants()) {
    spec::TrainingSpec spec = RunOf(folder, shape);
    const double exact = RunOnce(spec, 0).loss;
    for (const auto precision : {Precision::kBf16, Precision::kPureBf16}) {
      spec.training.precision = precision;
      EXPECT_NEAR(RunOnce(spec, 0).loss, exact, 0.02 * exact) << name;
    }
  }
}

TEST(Variants, EachTrains) {
  const TemporaryFolder folder;
  for (const auto& [name, shape] : Variants()) {
    auto trainer = Trainer::Create(RunOf(folder, shape), at::kCPU);
    ASSERT_TRUE(trainer.has_value()) << trainer.error().message();
    const double first = (*trainer)->Step(1, 1).loss;
    double last = first;
    for (int64_t step = 2; step <= 12; ++step) last = (*trainer)->Step(step, static_cast<double>(step)).loss;
    EXPECT_LT(last, first - 0.1) << name;
  }
}

double Spread(const Transformer& model, const std::string& name) {
  for (const auto& parameter : model.parameters())
    if (parameter.name == name) return parameter.tensor.detach().std().item<double>();
  ADD_FAILURE() << name;
  return 0;
}

TEST(Init, TruncatedByLayer) {
  const TemporaryFolder folder;
  ModelSpec shape = spec::ModelOfPreset(ModelPreset::kTinyOlmo);
  shape.width = 128;
  shape.mlp_width = 512;
  shape.layers = 3;
  Transformer model(RunOf(folder, shape), at::kCPU);
  model.Initialize(3);
  const double cut = 0.98658;  // the deviation of a normal that is cut at 3
  const double s = cut / std::sqrt(128.0);
  const auto near = [&](const std::string& name, double expected) {
    EXPECT_NEAR(Spread(model, name), expected, 0.03 * expected) << name;
  };
  near("token_embedding.weight", s);
  near("output.weight", s);
  near("blocks.2.attention.qkv.weight", s);
  near("blocks.2.mlp.up.weight", s);
  near("blocks.0.attention.output.weight", s / std::sqrt(2.0));
  near("blocks.2.attention.output.weight", s / std::sqrt(6.0));
  near("blocks.0.mlp.down.weight", cut / std::sqrt(512.0 * 2));
  near("blocks.2.mlp.down.weight", cut / std::sqrt(512.0 * 6));
  for (const auto& [name, tensor] : model.parameters())
    if (tensor.dim() == 1) {
      EXPECT_TRUE(tensor.eq(1).all().item<bool>()) << name;
    }
  const double most = model.parameters()[0].tensor.abs().max().item<double>();
  EXPECT_LE(most, 3.0001 / std::sqrt(128.0));
  EXPECT_GT(most, 2.8 / std::sqrt(128.0));
}

TEST(Init, Xavier) {
  const TemporaryFolder folder;
  ModelSpec shape = spec::ModelOfPreset(ModelPreset::kTinyTransformerRoom);
  shape.width = 64;
  shape.mlp_width = 256;
  Transformer model(RunOf(folder, shape), at::kCPU);
  model.Initialize(3);
  const auto near = [&](const std::string& name, double expected) {
    EXPECT_NEAR(Spread(model, name), expected, 0.03 * expected) << name;
  };
  near("token_embedding.weight", 1 / std::sqrt(64.0));
  near("blocks.0.attention.qkv.weight", std::sqrt(2.0 / (64 + 192)));
  near("blocks.1.mlp.up.weight", std::sqrt(2.0 / (64 + 256)));
  near("output.weight", std::sqrt(2.0 / (64 + 256)));
  EXPECT_EQ(Spread(model, "output.bias"), 0);
}

TEST(Init, MixOfWeightedResidualsPrefersTheBlockBefore) {
  const TemporaryFolder folder;
  ModelSpec shape = spec::ModelOfPreset(ModelPreset::kTinyLlama);
  shape.residual = spec::ResidualKind::kWeighted;
  Transformer model(RunOf(folder, shape), at::kCPU);
  model.Initialize(3);
  for (const auto& [name, tensor] : model.parameters())
    if (name == "blocks.1.residual_mix.weight") {
      EXPECT_TRUE(tensor.equal(at::tensor({0.0, 1.0}, at::kFloat)));
    }
}

}  // namespace
}  // namespace optfleet::trainer
