#include "spec/step_work.h"

#include <gtest/gtest.h>

#include "spec/parameters.h"
#include "tests/spec/timed.h"

namespace optfleet::spec {
namespace {

constexpr WorkTerm kAll[] = {WorkTerm::kProducts, WorkTerm::kHalf,   WorkTerm::kAttention, WorkTerm::kScores,
                             WorkTerm::kElements, WorkTerm::kUpdate, WorkTerm::kCalls,     WorkTerm::kStep};

Work Of(const TrainingSpec& spec) { return WorkOfStep(spec, /*on_gpu=*/false); }

TEST(StepWork, FloatingPointOperationsAreThoseOfParametersH) {
  const TrainingSpec spec = ResolvedSpec(SmallSpec());
  const Work work = Of(spec);
  EXPECT_NEAR(work[WorkTerm::kProducts] + work[WorkTerm::kAttention], 8 * 64 * FlopsPerToken(spec.model, 64),
              1);
}

TEST(StepWork, ProductsOfHalfPrecisionAreCountedByThemselves) {
  const auto full = ResolvedSpec(SmallSpec());
  const auto bf16 = SmallWith([](TrainingSpec& spec) { spec.training.precision = Precision::kBf16; });
  const auto tf32 = SmallWith([](TrainingSpec& spec) { spec.training.tf32 = true; });
  const auto products = [](const Work& work) {
    return work[WorkTerm::kProducts] + work[WorkTerm::kAttention];
  };
  const double all = products(Of(full));
  EXPECT_EQ(Of(full)[WorkTerm::kHalf], 0);
  EXPECT_EQ(products(Of(bf16)), 0);
  EXPECT_NEAR(Of(bf16)[WorkTerm::kHalf], all, 1);
  EXPECT_EQ(Of(tf32)[WorkTerm::kHalf], 0);  // a CPU has none
  const Work on_gpu = WorkOfStep(tf32, /*on_gpu=*/true);
  EXPECT_EQ(products(on_gpu), 0);
  EXPECT_NEAR(on_gpu[WorkTerm::kHalf], 2 * all, 1);
  // The update's products are the rule's own.
  const auto muon = SmallWith([](TrainingSpec& spec) {
    spec.training.precision = Precision::kBf16;
    spec.optimizer.name = OptimizerKind::kMuon;
    spec.optimizer.split_qkv = false;
  });
  EXPECT_GT(Of(muon)[WorkTerm::kProducts], 0);
}

TEST(StepWork, TwiceTheBatchIsTwiceTheTokensAndTheSameUpdate) {
  const Work once = Of(ResolvedSpec(SmallSpec()));
  const Work twice = Of(SmallWith([](TrainingSpec& spec) { spec.training.batch_size = 16; }));
  for (const WorkTerm term : {WorkTerm::kProducts, WorkTerm::kAttention, WorkTerm::kElements})
    EXPECT_DOUBLE_EQ(twice[term], 2 * once[term]) << NameOf(term);
  for (const WorkTerm term : {WorkTerm::kUpdate, WorkTerm::kCalls, WorkTerm::kStep})
    EXPECT_DOUBLE_EQ(twice[term], once[term]) << NameOf(term);
}

TEST(StepWork, MicrobatchesCostCallsAndPassesOverGradients) {
  const Work whole = Of(ResolvedSpec(SmallSpec()));
  const Work four = Of(SmallWith([](TrainingSpec& spec) { spec.training.micro_batch = 2; }));
  EXPECT_DOUBLE_EQ(four[WorkTerm::kProducts], whole[WorkTerm::kProducts]);
  EXPECT_GT(four[WorkTerm::kCalls], 2.5 * whole[WorkTerm::kCalls]);
  EXPECT_GT(four[WorkTerm::kUpdate], whole[WorkTerm::kUpdate]);
}

TEST(StepWork, RecomputingEveryLayerIsAnotherForwardPassOfTheBlocks) {
  const TrainingSpec spec = ResolvedSpec(SmallSpec());
  const Work kept = Of(spec);
  const Work again = Of(SmallWith([](TrainingSpec& s) { s.training.recompute_every = 1; }));
  const double output = 6.0 * 8 * 64 * 256 * 64;
  EXPECT_NEAR((again[WorkTerm::kProducts] - output) / (kept[WorkTerm::kProducts] - output), 4.0 / 3, 1e-9);
  EXPECT_NEAR(again[WorkTerm::kAttention] / kept[WorkTerm::kAttention], 4.0 / 3, 1e-9);
}

TEST(StepWork, OnlySeparateOperationsPassOverScores) {
  const auto with = [](Attention attention) {
    return Of(SmallWith([&](TrainingSpec& spec) { spec.model.attention = attention; }));
  };
  EXPECT_EQ(with(Attention::kSdpa)[WorkTerm::kScores], 0);
  EXPECT_GT(with(Attention::kManual)[WorkTerm::kScores], 0);
}

TEST(StepWork, OfEveryOptionItIsFiniteAndNotNegative) {
  int specs = 0;
  for (const auto kind :
       {OptimizerKind::kSgd, OptimizerKind::kMuon, OptimizerKind::kSoap, OptimizerKind::kSophia})
    for (const auto mlp : {MlpKind::kRelu, MlpKind::kSwiglu})
      for (const auto position : {PositionKind::kRotary, PositionKind::kAlibi, PositionKind::kNone})
        for (const bool tie : {true, false}) {
          const TrainingSpec spec = SmallWith([&](TrainingSpec& s) {
            s.optimizer.name = kind;
            s.model.mlp = mlp;
            s.model.position = position;
            s.model.tie_output = tie;
            s.model.kv_heads = 2;
            s.optimizer.split_qkv = false;
            s.model.residual_dropout = 0.1;
          });
          for (const Work& work : {Of(spec), WorkOfValidation(spec, 3, false)})
            for (const WorkTerm term : kAll) EXPECT_GE(work[term], 0) << NameOf(term);
          EXPECT_GT(Of(spec)[WorkTerm::kProducts], WorkOfValidation(spec, 1, false)[WorkTerm::kProducts]);
          ++specs;
        }
  EXPECT_EQ(specs, 48);
}

TEST(StepWork, ValidationIsForwardOnly) {
  const TrainingSpec spec = ResolvedSpec(SmallSpec());
  const Work step = Of(spec), validation = WorkOfValidation(spec, 1, false);
  EXPECT_NEAR(validation[WorkTerm::kProducts], step[WorkTerm::kProducts] / 3, 1);
  EXPECT_EQ(validation[WorkTerm::kUpdate], 0);
  EXPECT_NEAR(WorkOfValidation(spec, 10, false)[WorkTerm::kProducts], 10 * validation[WorkTerm::kProducts],
              1);
}

}  // namespace
}  // namespace optfleet::spec
