// The spec's `start` and `averaging`: what they mean and which combinations are mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/averaging.h"
#include "spec/canonical.h"
#include "spec/parameters.h"
#include "spec/resolve.h"
#include "spec/start_layers.h"

namespace optfleet::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TrainingSpec ARun(AveragingSpec averaging, int64_t steps = 100) {
  TrainingSpec spec;
  spec.data.path = "text";
  spec.budget.steps = steps;
  spec.averaging = averaging;
  return spec;
}

std::vector<std::string_view> Rules(TrainingSpec spec) {
  std::vector<std::string_view> rules;
  for (const Problem& problem : Resolve(&spec)) rules.push_back(problem.rule);
  return rules;
}

std::vector<int64_t> Sampled(const TrainingSpec& spec) {
  std::vector<int64_t> steps;
  for (int64_t step = 1; step <= spec.budget.steps; ++step)
    if (IsSampled(spec, step)) steps.push_back(step);
  return steps;
}

// The average of these weights, one a step, with the formulas as they stand.
double AverageOf(const TrainingSpec& spec) {
  double average = 0;
  int64_t samples = 0;
  for (int64_t step = 1; step <= spec.budget.steps; ++step)
    if (IsSampled(spec, step))
      average += ShareOfSample(spec.averaging, step, &samples) * (static_cast<double>(step) - average);
  return average;
}

TEST(Averaging, TheTailEndsEqualPartsOfTheLastShare) {
  EXPECT_THAT(Sampled(ARun({.kind = AverageKind::kTail})), ElementsAre(85, 90, 95, 100));
  EXPECT_DOUBLE_EQ(AverageOf(ARun({.kind = AverageKind::kTail})), 92.5);
  // Seed 1: 97,000 steps.
  EXPECT_THAT(TailSteps(ARun({.kind = AverageKind::kTail}, 97000)), ElementsAre(82450, 87300, 92150, 97000));
  EXPECT_THAT(Sampled(ARun({.kind = AverageKind::kTail, .samples = 3, .share = 0.1}, 30)),
              ElementsAre(28, 29, 30));
}

TEST(Averaging, AWindowIsAPlainMeanThatBeginsAnew) {
  const AveragingSpec seed2{.kind = AverageKind::kWindow, .every_steps = 5, .window_steps = 500};
  EXPECT_DOUBLE_EQ(AverageOf(ARun(seed2, 500)), 252.5);  // 5, 10, ... 500
  EXPECT_DOUBLE_EQ(AverageOf(ARun(seed2, 504)), 252.5);  // until the first sample of the next
  EXPECT_DOUBLE_EQ(AverageOf(ARun(seed2, 505)), 505);
  EXPECT_DOUBLE_EQ(AverageOf(ARun(seed2, 1000)), 752.5);
  EXPECT_DOUBLE_EQ(AverageOf(ARun({.kind = AverageKind::kWindow, .every_steps = 10, .start_step = 75}, 100)),
                   90);
}

TEST(Averaging, TheExponentialBeginsAsItsFirstSample) {
  const AveragingSpec seed2{.kind = AverageKind::kExponential, .every_steps = 10, .decay = 0.95};
  EXPECT_DOUBLE_EQ(AverageOf(ARun(seed2, 19)), 10);
  EXPECT_DOUBLE_EQ(AverageOf(ARun(seed2, 30)), 0.95 * (0.95 * 10 + 0.05 * 20) + 0.05 * 30);
}

TEST(Averaging, CostsFourBytesAParameterWhateverThePrecision) {
  TrainingSpec spec = ARun({.kind = AverageKind::kTail});
  spec.training.precision = Precision::kPureBf16;
  ASSERT_THAT(Rules(spec), IsEmpty());
  Resolve(&spec);
  EXPECT_EQ(BytesOfState(spec).average, 4 * CountParameters(spec.model));
  EXPECT_EQ(BytesOfState(spec).total(), BytesOfState(spec).weights + BytesOfState(spec).gradients +
                                            BytesOfState(spec).optimizer + BytesOfState(spec).average);
  EXPECT_EQ(BytesOfState(ARun({})).average, 0);
}

TEST(Averaging, WhatHasNoMeaningIsAMistake) {
  TrainingSpec spec = ARun({.kind = AverageKind::kExponential});
  spec.optimizer.name = OptimizerKind::kScheduleFreeAdamW;
  EXPECT_THAT(Rules(spec), ElementsAre("one_average"));
  EXPECT_THAT(Rules(ARun({.kind = AverageKind::kWindow, .every_steps = 30, .start_step = 91})),
              ElementsAre("average_has_samples"));
  EXPECT_THAT(Rules(ARun({.kind = AverageKind::kTail, .samples = 4, .share = 0.2}, 12)),
              ElementsAre("tail_holds_samples"));
  spec = ARun({.kind = AverageKind::kTail}, 0);
  spec.budget.seconds = 10;
  EXPECT_THAT(Rules(spec), ElementsAre("tail_of_steps"));
}

TEST(Start, LayersOfTheSeedsWarmStart) {
  EXPECT_THAT(*SourceLayers("spread", 24, 18),
              ElementsAre(0, 0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12, 12, 13, 14, 15, 15, 16, 17));
  EXPECT_THAT(*SourceLayers("stack", 3, 2), ElementsAre(0, 1, 0));
  EXPECT_THAT(*SourceLayers(" 0-2, 1 ", 4, 3), ElementsAre(0, 1, 2, 1));
  for (const char* text : {"", "0,,1", "2-1", "a", "-1", "0-", "1e9"})
    EXPECT_FALSE(SourceLayers(text, 2, 9).has_value()) << text;
}

TEST(Start, WrongCombinationsAreMistakes) {
  TrainingSpec spec = ARun({});
  spec.start = {.weights = "w", .fingerprint = "abc", .optimizer = true, .layers = "0-2", .token_map = "map"};
  EXPECT_THAT(Rules(spec), ElementsAre("fingerprint_form", "start_layers", "token_map_needs_rows",
                                       "start_optimizer_whole"));
  spec.start = {.weights = "w", .fingerprint = "1c291ca3-51234", .optimizer = true};
  EXPECT_THAT(Rules(spec), IsEmpty());
}

TEST(Start, IsPartOfTheHashAndItsFileOfTheHashOfTheJobOnly) {
  TrainingSpec fresh = ARun({}), one = ARun({}), other = ARun({});
  one.start.weights = "one";
  other.start.weights = "other";
  for (TrainingSpec* spec : {&fresh, &one, &other}) ASSERT_THAT(Resolve(spec), IsEmpty());
  EXPECT_NE(Hash(fresh), Hash(one));
  EXPECT_NE(Hash(one), Hash(other));
  EXPECT_EQ(HashOfRun(one), HashOfRun(other));
  EXPECT_NE(HashOfRun(one), HashOfRun(fresh));
  other.start.include = "blocks.*";
  EXPECT_NE(HashOfRun(one), HashOfRun(other));
  TrainingSpec moved = fresh;
  moved.data.path = "elsewhere";
  EXPECT_NE(Hash(moved), Hash(fresh));
  EXPECT_EQ(HashOfRun(moved), HashOfRun(fresh));
}

}  // namespace
}  // namespace optfleet::spec
