#include "spec/evaluation_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/fields.h"
#include "spec/json.h"
#include "spec/resolve.h"

namespace optfleet::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TrainingSpec RunOf(int64_t steps) {
  TrainingSpec spec;
  spec.data.path = "text.txt";
  spec.budget.steps = steps;
  return spec;
}

// The list of the optimizer study (arXiv 2407.07972): numpy's logspace floored to hundreds.
TEST(EvaluationSteps, AreThoseOfTheOptimizerStudy) {
  EXPECT_THAT(LogSpacedSteps(10, 25000),
              ElementsAre(100, 300, 500, 900, 1700, 2900, 4900, 8500, 14600, 25000));
}

TEST(EvaluationSteps, OfShortRunsAreNotRoundedAway) {
  EXPECT_THAT(LogSpacedSteps(10, 1000), ElementsAre(7, 13, 23, 39, 68, 100, 300, 500, 1000));
  EXPECT_THAT(LogSpacedSteps(4, 20), ElementsAre(3, 20));
  EXPECT_THAT(LogSpacedSteps(1, 777), ElementsAre(777));
}

// The last one is the run's last step even if that is no multiple of 100.
TEST(EvaluationSteps, EndWithTheLastStep) {
  for (const int64_t steps : {1, 7, 101, 12345, 99999}) EXPECT_EQ(LogSpacedSteps(10, steps).back(), steps);
}

TEST(EvaluationSteps, BothWaysOfSpacingAddUp) {
  TrainingSpec spec = RunOf(1000);
  spec.evaluation.every_steps = 400;
  spec.evaluation.log_spaced = 10;
  std::vector<int64_t> validated;
  for (int64_t step = 1; step <= 1000; ++step)
    if (ValidatesAfter(spec, step, step == 1000)) validated.push_back(step);
  EXPECT_THAT(validated, ElementsAre(7, 13, 23, 39, 68, 100, 300, 400, 500, 800, 1000));
}

TEST(EvaluationSteps, OnlyTheLastIfNothingIsAsked) {
  const TrainingSpec spec = RunOf(1000);
  EXPECT_FALSE(ValidatesAfter(spec, 999, false));
  EXPECT_TRUE(ValidatesAfter(spec, 1000, true));
  EXPECT_TRUE(ValidatesAfter(spec, 17, true));  // of a run that ends by time
}

TEST(EvaluationSteps, LogSpacingNeedsARunOfSteps) {
  TrainingSpec spec = RunOf(0);
  spec.budget.seconds = 60;
  spec.evaluation.log_spaced = 10;
  const auto problems = Resolve(&spec);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0].message,
              HasSubstr("`evaluation.log_spaced` 10 spreads validations over the steps"));
}

TEST(EvaluationSteps, WhatSaysNothingIsLeftOutOfTheSpec) {
  TrainingSpec spec = RunOf(100);
  spec.evaluation.batches = 5;
  ASSERT_TRUE(Resolve(&spec).empty());
  TrainingSpec said = spec;
  said.evaluation.final_batches = 5;
  said.evaluation.log_spaced = 1;
  ASSERT_TRUE(Resolve(&said).empty());
  EXPECT_EQ(said, spec);
  EXPECT_FALSE(ToJson(spec)["evaluation"].contains("final_batches"));
}

TEST(EvaluationSteps, TheLastValidationMayTakeAnotherNumberOfBatches) {
  TrainingSpec spec = RunOf(100);
  spec.evaluation.final_batches = 0;
  EXPECT_EQ(ToJson(spec)["evaluation"]["final_batches"], 0);
  EXPECT_EQ(FromJson(ToJson(spec)).value(), spec);
  const Field& field = *FindField("evaluation.final_batches");
  EXPECT_EQ(Expectation(field), "a whole number of batches from 0 to 1e+09, or inherit");
  EXPECT_FALSE(ParseValue(field, "1.5", false).has_value());
  EXPECT_EQ(ToText(*ParseValue(field, "inherit", false)), "inherit");
}

}  // namespace
}  // namespace optfleet::spec
