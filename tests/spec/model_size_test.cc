#include "spec/model_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "spec/fields.h"
#include "spec/parameters.h"
#include "spec/resolve.h"

namespace optfleet::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TrainingSpec Deep(int64_t layers) {
  TrainingSpec spec;
  spec.model.layers = layers;
  spec.data.path = "tokens.bin";
  spec.budget.steps = 100;
  return spec;
}

// Width against depth at one size: 12 width^2 layers of 12 layers of 768, at any depth to a few percent.
TEST(ModelSize, WidthFollowsFromLayersAtOneSize) {
  constexpr int64_t kSize = 12 * 768 * 768 * 12;
  for (const auto& [layers, width] :
       {std::pair<int64_t, int64_t>{12, 768}, {6, 1088}, {3, 1536}, {24, 512}, {48, 384}}) {
    TrainingSpec spec = Deep(layers);
    spec.model.block_parameters = kSize;
    spec.model.head_width = 64;
    ASSERT_THAT(Resolve(&spec), IsEmpty());
    EXPECT_EQ(spec.model.width, width) << layers;
    EXPECT_EQ(spec.model.heads, width / 64);
    EXPECT_EQ(spec.model.mlp_width, 4 * width);
    EXPECT_EQ(CountBlockWeights(spec.model), 12 * width * width * layers);
    EXPECT_NEAR(static_cast<double>(CountBlockWeights(spec.model)), kSize, 0.12 * kSize) << layers;
  }
}

TEST(ModelSize, LayersFollowFromWidth) {
  TrainingSpec spec = Deep(1);
  spec.model.block_parameters = 12 * 768 * 768 * 12;
  spec.model.derive = Derive::kLayers;
  for (const auto& [width, layers] :
       {std::pair<int64_t, int64_t>{768, 12}, {384, 48}, {1536, 3}, {512, 27}}) {
    TrainingSpec given = spec;
    given.model.width = width;
    ASSERT_THAT(Resolve(&given), IsEmpty());
    EXPECT_EQ(given.model.layers, layers) << width;
  }
}

// The seed's method: C = 3.12e14 x 3 x 3600 gives N about 168M and D about 3.4 billion.
TEST(ModelSize, FollowsFromAComputeBudget) {
  const double flops = 3.12e14 * 3 * 3600;
  EXPECT_NEAR(ParametersOfFlops(flops, 20), 168e6, 0.5e6);
  EXPECT_NEAR(TokensOfFlops(flops, ParametersOfFlops(flops, 20)), 3.35e9, 0.05e9);

  TrainingSpec spec;
  FindField("model.preset")->set(spec, Value(std::string("mini-llm-166m")));
  spec.model.from_flops = flops;
  spec.model.derive = Derive::kLayers;
  spec.data.path = "tokens.bin";
  spec.data.sequence_length = 512;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.model.layers, 18) << "as the challenge found";
  const auto size = static_cast<double>(CountParameters(spec.model));
  EXPECT_NEAR(6 * size * static_cast<double>(spec.budget.tokens), flops, 1e-3 * flops) << "to whole steps";
  EXPECT_NEAR(static_cast<double>(spec.budget.tokens), 3.4e9, 0.05e9);
}

TEST(ModelSize, AGivenBudgetStays) {
  TrainingSpec spec = Deep(12);
  spec.model.from_flops = 1e16;
  ASSERT_THAT(Resolve(&spec), IsEmpty());
  EXPECT_EQ(spec.budget.steps, 100);
  EXPECT_EQ(spec.model.from_flops, 0);
}

TEST(ModelSize, WhatCannotBeIsAProblem) {
  TrainingSpec spec = Deep(12);
  spec.model.block_parameters = 10;
  std::vector<std::string> messages;
  for (const Problem& problem : Resolve(&spec)) messages.push_back(problem.message);
  EXPECT_THAT(messages, ElementsAre(HasSubstr("`model.block_parameters` 10 is far from every size")));
  messages.clear();
  spec = Deep(12);
  spec.model.block_parameters = 10'000'000;
  spec.model.from_flops = 1e16;
  for (const Problem& problem : Resolve(&spec)) messages.push_back(problem.message);
  EXPECT_THAT(messages, ElementsAre(HasSubstr("are both given")));
}

// The width that follows is not for a file to give: it would say nothing.
TEST(ModelSize, WhatFollowsIsNotRead) {
  TrainingSpec spec = Deep(12);
  spec.model.block_parameters = 1'000'000;
  EXPECT_FALSE(IsUsed(*FindField("model.width"), spec));
  EXPECT_TRUE(IsUsed(*FindField("model.layers"), spec));
  spec.model.derive = Derive::kLayers;
  EXPECT_TRUE(IsUsed(*FindField("model.width"), spec));
  EXPECT_FALSE(IsUsed(*FindField("model.layers"), spec));
}

}  // namespace
}  // namespace optfleet::spec
