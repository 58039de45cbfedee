#include "spec/stages.h"

#include <gtest/gtest.h>

namespace optfleet::spec {
namespace {

std::string Read(std::string_view text) {
  const auto stages = ParseStages(text);
  return stages ? ToText(*stages) : stages.error();
}

// Of a run of 100 steps of 10 tokens, 10 of them frozen.
std::string InSteps(std::string_view text) {
  const auto stages = StagesInSteps(ParseStages(text).value(), {100, 10}, 10);
  return stages ? ToText(*stages) : stages.error();
}

std::string InPercent(std::string_view text) {
  const auto stages = StagesInPercent(ParseStages(text).value(), 0);
  return stages ? ToText(*stages) : stages.error();
}

TEST(Stages, HaveOneCanonicalText) {
  EXPECT_EQ(Read("linear 0.01 to 1.0 for  5%  then constant 1 for 2M tokens then cosine 1 to 1e-1 for rest"),
            "linear 0.01 to 1 for 5% then constant 1 for 2000000 tokens then cosine 1 to 0.1 for rest");
  EXPECT_EQ(Read("sqrt 0.5 to 0.5 for 10"), "constant 0.5 for 10");
}

TEST(Stages, WhatIsWrongIsNamedWithItsStage) {
  EXPECT_EQ(Read("  "), "no stage is given");
  EXPECT_EQ(Read("linear 0 to 1 for 5 then"), "stage 2 is empty");
  EXPECT_EQ(Read("linaer 0 to 1 for 5"),
            "stage 1 `linaer 0 to 1 for 5` must begin with constant or one of linear, cosine, exponential, "
            "mirror_cosine, square, sqrt");
  EXPECT_EQ(Read("linear 0 for 5"),
            "stage 1 `linear 0 for 5` must go on with its values from 0 to 1: `cosine 1 to 0.1 for rest`");
  EXPECT_EQ(Read("constant 2 for 5"),
            "stage 1 `constant 2 for 5` must go on with its values from 0 to 1: `constant 1 for 50%`");
  EXPECT_EQ(Read("constant 1"), "stage 1 `constant 1` must say how long it takes: `constant 1 for 50%`");
  EXPECT_EQ(Read("constant 1 for 120%"),
            "stage 1 `constant 1 for 120%` must last for a length (500, 2M tokens, 10%) or for rest");
  EXPECT_EQ(Read("exponential 1 to 0 for 5"),
            "stage 1 `exponential 1 to 0 for 5` is exponential and cannot touch 0");
  EXPECT_EQ(Read("constant 1 for rest then linear 1 to 0 for rest"),
            "stage 1 and stage 2 both take the rest");
}

TEST(Stages, AddUpToTheRunWhateverIsRounded) {
  EXPECT_EQ(InSteps("constant 1 for 20 then constant 0.5 for rest then constant 0 for 155 tokens"),
            "constant 1 for 20 then constant 0.5 for 54 then constant 0 for 16");
  const auto thirds = StagesInSteps(
      ParseStages(
          "constant 1 for 33.333333333333336% then constant 0.5 for 33.333333333333336% then constant "
          "0.2 for 33.33333333333333%")
          .value(),
      {100, 10}, 0);
  ASSERT_TRUE(thirds) << thirds.error();
  EXPECT_EQ(ToText(*thirds), "constant 1 for 33 then constant 0.5 for 34 then constant 0.2 for 33");
}

TEST(Stages, ThatDoNotAddUpAreRefusedWithTheirFigures) {
  EXPECT_EQ(InSteps("constant 1 for 91"), "the stages take 91 steps of the 90 steps that there are");
  EXPECT_EQ(InSteps("constant 1 for 89"),
            "the stages take only 89 steps of the 90 steps that there are, and none takes the rest");
  EXPECT_EQ(InSteps("constant 1 for 90 then linear 1 to 0 for rest"), "nothing is left for stage 2");
  EXPECT_EQ(InSteps("constant 1 for 0 then linear 1 to 0 for rest"), "stage 1 is shorter than a step");
}

TEST(Stages, OfATimedRunAreShares) {
  EXPECT_EQ(InPercent("constant 1 for 12.5% then linear 1 to 0 for rest"),
            "constant 1 for 12.5% then linear 1 to 0 for 87.5%");
  EXPECT_EQ(InPercent("constant 1 for 33.3% then constant 0.5 for 66.7%"),
            "constant 1 for 33.3% then constant 0.5 for 66.7%");
  EXPECT_EQ(InPercent("constant 1 for 10 then linear 1 to 0 for rest"),
            "stage 1 lasts for 10, but in a run that ends by time lengths are shares");
  EXPECT_EQ(InPercent("constant 1 for 60% then linear 1 to 0 for 60%"),
            "the stages take 120 % of the 100 % that there are");
}

}  // namespace
}  // namespace optfleet::spec
