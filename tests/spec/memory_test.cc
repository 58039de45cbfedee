// What spec/memory.h says without a run. How near it is to runs: python/parity/memory_parity.py.
#include "spec/memory.h"

#include <gtest/gtest.h>

#include "spec/memory_walk.h"
#include "spec/resolve.h"

namespace optfleet::spec {
namespace {

constexpr double kGb = 1e9;

TrainingSpec Resolved(TrainingSpec spec) {
  spec.data.path = "text.txt";
  spec.budget.steps = 10;
  for (const Problem& problem : Resolve(&spec)) ADD_FAILURE() << problem.message;
  return spec;
}

TrainingSpec Small() {
  TrainingSpec spec;
  spec.model.layers = 3;
  spec.model.width = 64;
  spec.data.sequence_length = 64;
  spec.training.batch_size = 8;
  return spec;
}

// The models of seed 0 under bf16 autocast, its sequences of 256 tokens.
TrainingSpec Gpt2Xl() {
  TrainingSpec spec;
  spec.model.layers = 48;
  spec.model.width = 1600;
  spec.model.heads = 25;
  spec.model.vocab_size = 50257;
  spec.model.context = 1024;
  spec.model.embedding_dropout = spec.model.attention_dropout = spec.model.residual_dropout = 0.1;
  spec.data.sequence_length = 256;
  spec.training.batch_size = 4;
  spec.training.precision = Precision::kBf16;
  return spec;
}

TrainingSpec Cerebras() {
  TrainingSpec spec = Gpt2Xl();
  spec.model.layers = 32;
  spec.model.width = 2560;
  spec.model.heads = 32;
  spec.model.context = 2048;
  spec.model.embedding_dropout = spec.model.attention_dropout = spec.model.residual_dropout = 0;
  return spec;
}

int64_t Peak(const TrainingSpec& spec, MemoryDevice device = MemoryDevice::kCpu) {
  return PredictMemory(Resolved(spec), device).peak().total();
}

TEST(Memory, StateIsThatOfTheParametersToTheByte) {
  for (const auto kind : {OptimizerKind::kSgd, OptimizerKind::kAdamW, OptimizerKind::kLion,
                          OptimizerKind::kAdamW8bit, OptimizerKind::kMuon, OptimizerKind::kAdafactor})
    for (const auto precision : {Precision::kFp32, Precision::kBf16})
      for (const bool tie : {true, false}) {
        TrainingSpec spec = Small();
        spec.optimizer.name = kind;
        spec.training.precision = precision;
        spec.model.tie_output = tie;
        spec = Resolved(spec);
        const StateBytes state = BytesOfState(spec);
        const MemoryPrediction memory = PredictMemory(spec, MemoryDevice::kCpu);
        for (const MemoryParts& parts : memory.phases) {
          EXPECT_EQ(parts.weights, state.weights);
          EXPECT_EQ(parts.optimizer, state.optimizer);
        }
        EXPECT_EQ(memory.phases[static_cast<size_t>(MemoryPhase::kUpdate)].gradients, state.gradients);
      }
}

// Whatever the options, a microbatch leaves gradients behind and nothing else.
TEST(Memory, WhatAMicrobatchHeldIsGoneAfterIt) {
  int walks = 0;
  for (const auto attention : {Attention::kSdpa, Attention::kManual})
    for (const auto precision : {Precision::kFp32, Precision::kBf16, Precision::kPureBf16})
      for (const int64_t every : {0, 1, 2})
        for (const double dropout : {0.0, 0.1})
          for (const auto device : {MemoryDevice::kCpu, MemoryDevice::kCuda}) {
            TrainingSpec spec = Small();
            spec.model.attention = attention;
            spec.model.attention_dropout = spec.model.residual_dropout = spec.model.embedding_dropout =
                dropout;
            spec.training.precision = precision;
            spec.training.recompute_every = every;
            spec.training.z_loss = dropout / 1000;
            spec = Resolved(spec);
            MemoryLedger ledger(64);
            MemoryWalk walk(spec, device, &ledger);
            walk.Microbatch(/*accumulates=*/false);
            EXPECT_EQ(ledger.live().gradients, BytesOfState(spec).gradients);
            walk.Microbatch(/*accumulates=*/true);
            walk.Validate();
            EXPECT_EQ(ledger.live().gradients, BytesOfState(spec).gradients);
            EXPECT_EQ(ledger.live().activations, 0);
            EXPECT_EQ(ledger.live().logits, 0);
            EXPECT_EQ(ledger.live().workspace, 0);
            ++walks;
          }
  EXPECT_EQ(walks, 72);
}

TEST(Memory, EveryPartOfAModelIsGoneAfterAMicrobatch) {
  int walks = 0;
  for (const auto position : {PositionKind::kSinusoidal, PositionKind::kRotary, PositionKind::kAlibi})
    for (const auto mlp : {MlpKind::kRelu, MlpKind::kSwiglu})
      for (const auto norm : {NormKind::kLayerNorm, NormKind::kRmsNorm})
        for (const auto shape : {0, 1, 2})
          for (const auto attention : {Attention::kSdpa, Attention::kManual})
            for (const auto precision : {Precision::kFp32, Precision::kBf16}) {
              TrainingSpec spec = Small();
              spec.model.position = position;
              spec.model.mlp = mlp;
              spec.model.norm = norm;
              spec.model.qk_norm = shape != 1;
              spec.model.kv_heads = shape == 1 ? 2 : 0;
              if (shape == 1) spec.model.norm_placement = NormPlacement::kPost;
              if (shape == 2) spec.model.residual = ResidualKind::kWeighted;
              spec.model.attention = attention;
              spec.training.precision = precision;
              spec.training.recompute_every = shape == 0 ? 2 : 0;
              spec = Resolved(spec);
              MemoryLedger ledger(64);
              MemoryWalk walk(spec, MemoryDevice::kCpu, &ledger);
              walk.Microbatch(/*accumulates=*/false);
              walk.Microbatch(/*accumulates=*/true);
              walk.Validate();
              EXPECT_EQ(ledger.live().gradients, BytesOfState(spec).gradients);
              EXPECT_EQ(ledger.live().activations, 0) << walks;
              EXPECT_EQ(ledger.live().logits, 0);
              EXPECT_EQ(ledger.live().workspace, 0);
              ++walks;
            }
  EXPECT_EQ(walks, 144);
}

TEST(Memory, OptionsThatSaveMemoryDo) {
  TrainingSpec spec = Gpt2Xl();
  spec.training.batch_size = 32;
  spec.model.attention = Attention::kManual;
  const int64_t plain = Peak(spec, MemoryDevice::kCuda);
  TrainingSpec fused = spec, recomputed = spec, small = spec, lion = spec;
  fused.model.attention = Attention::kSdpa;
  recomputed.training.recompute_every = 1;
  small.training.micro_batch = 4;
  lion.optimizer.name = OptimizerKind::kLion;
  EXPECT_LT(Peak(fused, MemoryDevice::kCuda), plain);
  EXPECT_LT(Peak(recomputed, MemoryDevice::kCuda), plain / 2);
  EXPECT_LT(Peak(small, MemoryDevice::kCuda), plain);
  EXPECT_LT(Peak(lion, MemoryDevice::kCuda), plain);
}

// ReLU's backward pass reads what it gave, beside the gradient that arrives and the one that it makes: as
// many tensors as GELU's has there. Of the layers before, GELU keeps one tensor more each.
TEST(Memory, ReluKeepsItsResultUntilItsOwnGradientIsMade) {
  TrainingSpec spec = Small();
  spec.model.mlp_width = 1024;
  const int64_t tensor = spec.training.batch_size * spec.data.sequence_length * 1024 * 4;
  for (const int64_t layers : {1, 3}) {
    TrainingSpec gelu = spec;
    gelu.model.layers = layers;
    TrainingSpec relu = gelu;
    relu.model.mlp = MlpKind::kRelu;
    EXPECT_EQ(Peak(gelu) - Peak(relu), (layers - 1) * tensor) << layers;
  }
}

TEST(Memory, MostOfItGrowsWithTheMicrobatchOnly) {
  TrainingSpec spec = Small();
  spec.training.micro_batch = 2;
  const int64_t few = Peak(spec);
  spec.training.batch_size = 64;
  EXPECT_EQ(Peak(spec), few);
  spec.training.micro_batch = 64;
  EXPECT_GT(Peak(spec), 10 * few);
}

// reference: "OpenThaiGPT optimizer experiment", both tables; an A100 of 40 GiB, of which the CUDA context
// takes half a GiB. Batches are those of the tables.
struct SeedRow {
  TrainingSpec spec;
  int64_t batch;
  bool recompute, fused;
  OptimizerKind optimizer;
  bool fits;
};

TEST(Memory, SeedZerosTableIsClassified) {
  constexpr double kDevice = 39.5 * 1024 * 1024 * 1024;
  constexpr auto kAdamW = OptimizerKind::kAdamW, kLion = OptimizerKind::kLion;
  const SeedRow rows[] = {
      {Gpt2Xl(), 4, false, false, kAdamW, true},  {Gpt2Xl(), 4, true, false, kAdamW, true},
      {Gpt2Xl(), 4, false, true, kAdamW, true},   {Gpt2Xl(), 4, false, false, kLion, true},
      {Gpt2Xl(), 4, true, true, kAdamW, true},    {Gpt2Xl(), 4, true, true, kLion, true},
      {Cerebras(), 1, true, true, kAdamW, false}, {Cerebras(), 32, true, true, kLion, true},
      {Cerebras(), 8, false, true, kLion, true},  {Cerebras(), 8, true, false, kLion, true},
      {Cerebras(), 2, false, false, kLion, true},
  };
  int number = 0;
  for (const SeedRow& row : rows) {
    TrainingSpec spec = row.spec;
    spec.training.batch_size = row.batch;
    spec.training.recompute_every = row.recompute ? 1 : 0;
    spec.model.attention = row.fused ? Attention::kSdpa : Attention::kManual;
    spec.optimizer.name = row.optimizer;
    const auto peak = static_cast<double>(Peak(spec, MemoryDevice::kCuda));
    EXPECT_EQ(peak < kDevice, row.fits) << "row " << ++number << ": " << peak / kGb << " GB";
  }
}

}  // namespace
}  // namespace optfleet::spec
