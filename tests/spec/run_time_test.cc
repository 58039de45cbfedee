#include "spec/run_time.h"

#include <gtest/gtest.h>

#include <limits>

#include "spec/evaluation_steps.h"
#include "spec/step_shape.h"
#include "tests/spec/timed.h"

namespace optfleet::spec {
namespace {

// 20 ms a step, 5 ms a validated batch, 2 s beside.
MeasuredRun Timed(const TrainingSpec& spec, double step_seconds = 0.02) {
  const double validation = 0.005 * static_cast<double>(spec.evaluation.batches);
  const double train = step_seconds * static_cast<double>(spec.budget.steps);
  const Validations count = CountValidations(spec, spec.budget.steps);
  const double all = validation * static_cast<double>(count.between + count.last);
  return {spec, spec.budget.steps, train, all, 0, train + all + 2};
}

TEST(StepShape, ValuesThatNumbersDependOnCostNoTime) {
  const TrainingSpec plain = StepShape(ResolvedSpec(SmallSpec()));
  const auto shape_with = [](auto change) { return StepShape(SmallWith(change)); };
  EXPECT_EQ(plain, shape_with([](TrainingSpec& s) { s.optimizer.learning_rate = 0.3; }));
  EXPECT_EQ(plain, shape_with([](TrainingSpec& s) { s.training.seed = 7; }));
  EXPECT_EQ(plain, shape_with([](TrainingSpec& s) { s.budget.steps = 9; }));
  EXPECT_EQ(plain, shape_with([](TrainingSpec& s) { s.schedule.name = ScheduleKind::kConstant; }));
  EXPECT_EQ(plain, shape_with([](TrainingSpec& s) { s.evaluation.every_steps = 5; }));
  EXPECT_EQ(plain, shape_with([](TrainingSpec& s) { s.data.path = "other.txt"; }));
  EXPECT_EQ(shape_with([](TrainingSpec& s) { s.model.residual_dropout = 0.1; }),
            shape_with([](TrainingSpec& s) { s.model.residual_dropout = 0.2; }));
}

TEST(StepShape, WhatCostsTimeCounts) {
  const TrainingSpec plain = StepShape(ResolvedSpec(SmallSpec()));
  int changes = 0;
  const auto differs = [&](auto change) {
    const TrainingSpec other = StepShape(SmallWith(change));
    EXPECT_NE(plain, other) << changes;
    EXPECT_GT(ShapeDistance(plain, other), 0) << changes;
    EXPECT_DOUBLE_EQ(ShapeDistance(plain, other), ShapeDistance(other, plain));
    ++changes;
  };
  differs([](TrainingSpec& s) { s.model.width = 128; });
  differs([](TrainingSpec& s) { s.model.layers = 5; });
  differs([](TrainingSpec& s) { s.training.batch_size = 16; });
  differs([](TrainingSpec& s) { s.training.micro_batch = 4; });
  differs([](TrainingSpec& s) { s.data.sequence_length = 32; });
  differs([](TrainingSpec& s) { s.training.precision = Precision::kBf16; });
  differs([](TrainingSpec& s) { s.training.recompute_every = 1; });
  differs([](TrainingSpec& s) { s.model.attention = Attention::kManual; });
  differs([](TrainingSpec& s) { s.optimizer.name = OptimizerKind::kLion; });
  differs([](TrainingSpec& s) { s.model.mlp = MlpKind::kRelu; });
  differs([](TrainingSpec& s) { s.model.residual_dropout = 0.1; });
  differs([](TrainingSpec& s) { s.diagnostics.gradient_norms = true; });
  EXPECT_EQ(changes, 12);
  EXPECT_EQ(ShapeDistance(plain, plain), 0);
}

TEST(RunTimes, NothingTimedIsNoPrediction) {
  const RunTimes none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.Of(ResolvedSpec(SmallSpec())).source, TimeSource::kNone);
}

TEST(RunTimes, AnEqualShapeTakesWhatItTook) {
  const TrainingSpec spec = ResolvedSpec(SmallSpec());
  const RunTimes times({Timed(spec)}, /*on_gpu=*/false);
  const TrainingSpec longer = SmallWith([](TrainingSpec& s) {
    s.budget.steps = 1000;
    s.optimizer.learning_rate = 0.1;
    s.evaluation.every_steps = 100;
    s.evaluation.batches = 20;
  });
  const RunTime time = times.Of(longer);
  EXPECT_EQ(time.source, TimeSource::kMeasured);
  EXPECT_NEAR(time.train_seconds, 20, 1e-6);
  EXPECT_NEAR(time.validation_seconds, 10 * 20 * 0.005, 1e-6);
  EXPECT_NEAR(time.other_seconds, 2, 1e-6);
  EXPECT_TRUE(time.validation_is_known);
}

TEST(RunTimes, OfSeveralRunsOfAShapeTheMedianCounts) {
  const TrainingSpec spec = ResolvedSpec(SmallSpec());
  const RunTimes times({Timed(spec, 0.02), Timed(spec, 0.021), Timed(spec, 0.09)}, false);
  EXPECT_NEAR(times.Of(spec).train_seconds, 2.1, 1e-6);
  EXPECT_EQ(times.runs(), 3U);
  EXPECT_EQ(times.shapes(), 1U);
}

TEST(RunTimes, AnotherShapeIsScaled) {
  const RunTimes times({Timed(ResolvedSpec(SmallSpec()))}, false);
  const TrainingSpec twice = SmallWith([](TrainingSpec& s) { s.training.batch_size = 16; });
  const RunTime time = times.Of(twice);
  EXPECT_EQ(time.source, TimeSource::kScaled);
  EXPECT_GT(time.train_seconds, 2);
  EXPECT_LT(time.train_seconds, 4.2);
}

TEST(RunTimes, ABudgetOfSecondsIsItsTime) {
  const RunTimes times({Timed(ResolvedSpec(SmallSpec()))}, false);
  const TrainingSpec timed = SmallWith([](TrainingSpec& s) {
    s.budget.steps = 0;
    s.budget.seconds = 30;
    s.evaluation.every_steps = 100;  // 1500 steps of 20 ms
  });
  const RunTime time = times.Of(timed);
  EXPECT_DOUBLE_EQ(time.train_seconds, 30);
  EXPECT_NEAR(time.validation_seconds, 16 * 0.05, 0.06);
}

TEST(RunTimes, HowMuchAWholePartHoldsIsLearntFromRunsThatReadIt) {
  const auto whole = [](const char* path, int64_t width) {
    return SmallWith([&](TrainingSpec& s) {
      s.data.path = path;
      s.model.width = width;
      s.evaluation.batches = 0;
    });
  };
  MeasuredRun run = Timed(whole("text.txt", 64));
  run.validation_seconds = 4;
  run.held_seconds = run.train_seconds + 4 + 2;
  const RunTimes times({run}, false);
  EXPECT_NEAR(times.Of(whole("text.txt", 64)).validation_seconds, 4, 1e-6);
  EXPECT_GT(times.Of(whole("text.txt", 128)).validation_seconds, 4);
  const RunTime other = times.Of(whole("other.txt", 64));
  EXPECT_FALSE(other.validation_is_known);
  EXPECT_EQ(other.validation_seconds, 0);
}

TEST(RunTimes, CheckpointsCostByTheirBytes) {
  const auto writing = [](int64_t width, int64_t every) {
    return SmallWith([&](TrainingSpec& s) {
      s.model.width = width;
      s.checkpoint.every_steps = every;
    });
  };
  MeasuredRun run = Timed(writing(64, 10));
  run.checkpoint_seconds = 1;
  const RunTimes times({run}, false);
  EXPECT_NEAR(times.Of(writing(64, 20)).checkpoint_seconds, 0.5, 1e-6);
  EXPECT_GT(times.Of(writing(128, 10)).checkpoint_seconds, 2.5);
  EXPECT_EQ(times.Of(writing(64, 0)).checkpoint_seconds, 0);
}

TEST(RunTimes, RunsThatMakeNoSenseAreLeftOut) {
  MeasuredRun none = Timed(ResolvedSpec(SmallSpec()));
  none.steps = 0;
  MeasuredRun endless = Timed(ResolvedSpec(SmallSpec()));
  endless.train_seconds = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(RunTimes({none, endless}, false).empty());
}

TEST(CountValidations, AreThoseOfTheSession) {
  for (const int64_t every : {0, 7, 10, 100, 1000})
    for (const int64_t spaced : {0, 3}) {
      const TrainingSpec spec = SmallWith([&](TrainingSpec& s) {
        s.evaluation.every_steps = every;
        s.evaluation.log_spaced = spaced;
      });
      int64_t between = 0;
      for (int64_t step = 1; step < 100; ++step) between += ValidatesAfter(spec, step, false) ? 1 : 0;
      EXPECT_EQ(CountValidations(spec, 100).between, between) << every << " " << spaced;
    }
}

}  // namespace
}  // namespace optfleet::spec
