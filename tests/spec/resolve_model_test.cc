#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/canonical.h"
#include "spec/fields.h"
#include "tests/spec/resolving.h"

namespace optfleet::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ResolveModel, SayingWhatAutoSaysIsTheSameJob) {
  TrainingSpec left_out = Small(), said = Small();
  said.model.norm_bias = said.model.attention_bias = said.model.mlp_bias = Choose::kYes;
  said.model.output_bias = Choose::kNo;
  said.model.final_norm = Choose::kYes;
  said.model.kv_heads = 4;
  ASSERT_THAT(Resolve(&left_out), IsEmpty());
  ASSERT_THAT(Resolve(&said), IsEmpty());
  EXPECT_EQ(said, left_out);
}

// Keys that came later say nothing where they are left out: hashes of runs from before still hold.
TEST(ResolveModel, DefaultsOfPartsAreNotHashed) {
  TrainingSpec spec = Small();
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(HashedText(spec).find("norm"), std::string::npos) << HashedText(spec);
  EXPECT_EQ(HashedText(spec).find("vocab_multiple"), std::string::npos);
}

TEST(ResolveModel, TheVocabularyIsPadded) {
  TrainingSpec spec = Small();
  spec.model.vocab_size = 50257;
  spec.model.vocab_multiple = 64;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.model.vocab_size, 50304);
  EXPECT_EQ(spec.model.vocab_multiple, 1);
}

TEST(ResolveModel, HeadsFollowFromTheirWidth) {
  TrainingSpec spec = Small();
  spec.model.head_width = 16;
  TrainingSpec by_number = Small();
  by_number.model.heads = 8;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  ASSERT_THAT(Resolve(&by_number), IsEmpty());
  EXPECT_EQ(spec, by_number);
  spec = Small();
  spec.model.head_width = 48;
  EXPECT_THAT(Messages(spec), ElementsAre("`model.width` 128 is not a multiple of `model.head_width` 48"));
}

TEST(ResolveModel, WhatPartsPromiseEachOther) {
  TrainingSpec spec = Small();
  spec.model.kv_heads = 3;
  EXPECT_THAT(Messages(spec), ElementsAre("`model.heads` 4 is not a multiple of `model.kv_heads` 3"));

  spec = Small();
  spec.model.width = 20;
  spec.model.position = PositionKind::kRotary;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("rotary turns pairs of a head")));

  spec = Small();
  spec.model.width = 25;
  spec.model.heads = 5;
  spec.model.position = PositionKind::kSinusoidal;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("sinusoidal needs an even width")));

  spec = Small();
  spec.model.residual = ResidualKind::kWeighted;
  spec.model.norm_placement = NormPlacement::kPost;
  EXPECT_THAT(Messages(spec),
              ElementsAre(HasSubstr("weighted is defined for `model.norm_placement` pre only")));

  spec = Small();
  spec.model.kv_heads = 2;
  spec.optimizer.name = OptimizerKind::kAdalayer;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("needs queries, keys and values of one size")));

  spec = Small();
  spec.model.attention = Attention::kSdpaMath;
  spec.training.precision = Precision::kBf16;
  spec.training.softmax_precision = SoftmaxPrecision::kBf16;
  EXPECT_THAT(Messages(spec), ElementsAre(HasSubstr("`model.attention` sdpa computes it in fp32")));
}

TEST(ResolveModel, PartsThatAreNotThereReadNothing) {
  TrainingSpec spec = Small();
  spec.model.rotary_base = 500;
  spec.model.norm = NormKind::kRmsNorm;
  spec.model.norm_bias = Choose::kYes;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.model.rotary_base, 10000);
  EXPECT_EQ(spec.model.norm_bias, Choose::kAuto);
}

}  // namespace
}  // namespace optfleet::spec
