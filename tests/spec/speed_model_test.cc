#include "spec/speed_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "spec/step_shape.h"
#include "tests/spec/timed.h"

namespace optfleet::spec {
namespace {

// A device that is as the model says, at other speeds than the usual one.
double TrueSeconds(const Work& work) {
  constexpr double kRates[kWorkTerms] = {5e-11, 8e-12, 3e-11, 2e-9, 1e-9, 5e-10, 2e-6, 1e-3};
  double seconds = 0;
  for (size_t i = 0; i < kWorkTerms; ++i) seconds += work.terms[i] * kRates[i];
  return seconds;
}

Work WorkOf(const TrainingSpec& spec) { return WorkOfStep(spec, /*on_gpu=*/false); }

TimedShape Timed(const TrainingSpec& spec, double seconds) {
  return {StepShape(spec), WorkOf(spec), seconds, 1};
}

TrainingSpec OfExtents(int64_t layers, int64_t width, int64_t batch) {
  return SmallWith([&](TrainingSpec& spec) {
    spec.model.layers = layers;
    spec.model.width = width;
    spec.training.batch_size = batch;
  });
}

std::vector<TimedShape> Grid() {
  std::vector<TimedShape> timed;
  for (const int64_t layers : {2, 4, 8})
    for (const int64_t width : {64, 128, 256})
      for (const int64_t batch : {4, 16}) {
        const TrainingSpec spec = OfExtents(layers, width, batch);
        timed.push_back(Timed(spec, TrueSeconds(WorkOf(spec))));
      }
  return timed;
}

double Predicted(const SpeedModel& model, const TrainingSpec& spec) {
  return model.Seconds(StepShape(spec), WorkOf(spec));
}

TEST(SpeedModel, NothingTimedIsNoModel) {
  EXPECT_FALSE(SpeedModel::Fit({}, UsualSpeed(false)));
  EXPECT_FALSE(SpeedModel::Fit({Timed(ResolvedSpec(SmallSpec()), std::nan(""))}, UsualSpeed(false)));
}

TEST(SpeedModel, OneTimedShapeIsRepeatedAndScaled) {
  const TrainingSpec spec = OfExtents(4, 128, 8);
  const auto model = SpeedModel::Fit({Timed(spec, 0.05)}, UsualSpeed(false));
  ASSERT_TRUE(model);
  EXPECT_NEAR(Predicted(*model, spec), 0.05, 0.005);
  // Twice the tokens: more, and not more than twice.
  const double twice = Predicted(*model, OfExtents(4, 128, 16));
  EXPECT_GT(twice, 0.06);
  EXPECT_LT(twice, 0.105);
}

TEST(SpeedModel, ManyTellOfShapesBetweenAndBeyondThem) {
  const auto model = SpeedModel::Fit(Grid(), UsualSpeed(false));
  ASSERT_TRUE(model);
  for (const auto& [layers, width, batch] :
       {std::tuple<int, int, int>{4, 192, 8}, {3, 96, 16}, {12, 256, 32}, {4, 512, 16}}) {
    const TrainingSpec spec = OfExtents(layers, width, batch);
    EXPECT_NEAR(Predicted(*model, spec) / TrueSeconds(WorkOf(spec)), 1, 0.05)
        << layers << " layers of " << width << ", batch " << batch;
  }
  ASSERT_TRUE(model->MedianFactorOff());
  EXPECT_LT(*model->MedianFactorOff(), 1.05);
}

TEST(SpeedModel, NothingIsEverNegative) {
  std::vector<TimedShape> timed = Grid();
  for (size_t i = 0; i < timed.size(); ++i)
    timed[i].seconds *= i % 2 == 0 ? 0.5 : 2;  // other work on the machine
  const auto model = SpeedModel::Fit(timed, UsualSpeed(false));
  ASSERT_TRUE(model);
  for (const double rate : model->seconds_per_unit().terms) EXPECT_GE(rate, 0);
  EXPECT_GT(Predicted(*model, OfExtents(1, 16, 1)), 0);
}

TEST(SpeedModel, AShapeThatWasDisturbedHardlyMovesTheOthers) {
  std::vector<TimedShape> timed = Grid();
  timed[7].seconds *= 5;
  const auto model = SpeedModel::Fit(timed, UsualSpeed(false));
  const TrainingSpec spec = OfExtents(12, 256, 32);
  EXPECT_NEAR(Predicted(*model, spec) / TrueSeconds(WorkOf(spec)), 1, 0.15);
}

// One run in bf16 tells of all: its products have a speed of their own.
TEST(SpeedModel, HalfPrecisionIsLearntFromOneShapeOfIt) {
  const auto half = [](int64_t width, int64_t batch) {
    return SmallWith([&](TrainingSpec& spec) {
      spec.training.precision = Precision::kBf16;
      spec.model.width = width;
      spec.training.batch_size = batch;
    });
  };
  std::vector<TimedShape> timed = Grid();
  timed.push_back(Timed(half(256, 16), TrueSeconds(WorkOf(half(256, 16)))));
  const auto model = SpeedModel::Fit(timed, UsualSpeed(false));
  const TrainingSpec larger = half(512, 32);
  EXPECT_LT(TrueSeconds(WorkOf(larger)), 0.6 * TrueSeconds(WorkOf(OfExtents(4, 512, 32))));
  EXPECT_NEAR(Predicted(*model, larger) / TrueSeconds(WorkOf(larger)), 1, 0.25);
}

// Another rule may be slower than its bytes say: that is learnt from one timed shape with it.
TEST(SpeedModel, WhatTheSumLeavesOverIsTakenOverToWhatIsAlike) {
  const auto with_soap = [](int64_t width) {
    return SmallWith([&](TrainingSpec& spec) {
      spec.optimizer.name = OptimizerKind::kSoap;
      spec.model.width = width;
    });
  };
  std::vector<TimedShape> timed = Grid();
  timed.push_back(Timed(with_soap(128), 3 * TrueSeconds(WorkOf(with_soap(128)))));
  const auto model = SpeedModel::Fit(timed, UsualSpeed(false));
  const double alike = Predicted(*model, with_soap(144)) / TrueSeconds(WorkOf(with_soap(144)));
  EXPECT_GT(alike, 2);
  const TrainingSpec plain = OfExtents(4, 144, 8);
  EXPECT_LT(Predicted(*model, plain) / TrueSeconds(WorkOf(plain)), 1.3);
}

TEST(SpeedModel, TheOrderOfTimedShapesDoesNotMatter) {
  std::vector<TimedShape> timed = Grid(), reversed(timed.rbegin(), timed.rend());
  const TrainingSpec spec = OfExtents(6, 96, 8);
  EXPECT_NEAR(Predicted(*SpeedModel::Fit(timed, UsualSpeed(false)), spec),
              Predicted(*SpeedModel::Fit(reversed, UsualSpeed(false)), spec), 1e-9);
}

}  // namespace
}  // namespace optfleet::spec
