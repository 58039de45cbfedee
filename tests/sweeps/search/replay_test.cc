// Searches in virtual time: what is spent, who goes on, what is found.
#include "sweeps/search/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace optfleet::sweeps {
namespace {

using ::testing::HasSubstr;
using Kind = ReplayEvent::Kind;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

// A hundred steps of a second, a value at each tenth: from 5 down to `end` in a line.
Curve Line(double end) {
  Curve curve{.points = {}, .steps = 100, .seconds_per_step = 1};
  for (int64_t step = 10; step <= 100; step += 10)
    curve.points.push_back({step, 5 + (end - 5) * static_cast<double>(step) / 100});
  return curve;
}

std::vector<Curve> Lines(std::initializer_list<double> ends) {
  std::vector<Curve> curves;
  for (const double end : ends) curves.push_back(Line(end));
  return curves;
}

std::vector<int32_t> InOrder(const std::vector<Curve>& curves) {
  std::vector<int32_t> order;
  for (size_t i = 0; i < curves.size(); ++i) order.push_back(static_cast<int32_t>(i));
  return order;
}

std::string Story(const ReplayResult& result) {
  static constexpr const char* kWords[] = {"starts", "pauses", "goes on", "stopped", "diverged", "ends"};
  std::string story;
  for (const ReplayEvent& event : result.events)
    story += std::to_string(static_cast<int64_t>(event.seconds)) + " " + std::to_string(event.job) + " " +
             kWords[static_cast<size_t>(event.kind)] + "\n";
  return story;
}

TEST(Replay, AGridRunsAllToTheirEnds) {
  const auto curves = Lines({3, 2, 4});
  const ReplayResult result = ReplayOrder({.slots = 2}, curves, InOrder(curves));
  EXPECT_EQ(Story(result), "0 0 starts\n0 1 starts\n100 0 ends\n100 2 starts\n100 1 ends\n200 2 ends\n");
  EXPECT_EQ(result.device_seconds, 300);
  EXPECT_EQ(result.seconds, 200);
  EXPECT_EQ(result.best_job, 1);
  EXPECT_EQ(result.best_value, 2);
}

TEST(Replay, HalvingPausesAndGoesOn) {
  const auto curves = Lines({3, 2, 4});
  const ReplayResult result =
      ReplayOrder({.halving = HalvingPlan{.first_steps = 50}}, curves, InOrder(curves));
  EXPECT_EQ(Story(result),
            "0 0 starts\n50 0 pauses\n50 1 starts\n100 1 pauses\n100 2 starts\n150 2 pauses\n150 1 goes on\n"
            "200 1 ends\n");
  EXPECT_EQ(result.device_seconds, 200);
  EXPECT_EQ(result.best_job, 1);
  EXPECT_EQ(result.events[5].reason, "3rd of 3 at rung 0 (step 50); the best goes on");
  EXPECT_EQ(result.jobs[0].step, 50);
  EXPECT_EQ(result.jobs[0].value, 4) << "of its rung";
}

TEST(Replay, EachStartCosts) {
  const auto curves = Lines({3, 2, 4});
  const ReplayResult result =
      ReplayOrder({.start_seconds = 5, .halving = HalvingPlan{.first_steps = 50}}, curves, InOrder(curves));
  EXPECT_EQ(result.device_seconds, 220) << "three began, one went on";
}

TEST(Replay, WithFewJobsTheBestComesToItsEnd) {
  const auto curves = Lines({3, 2});
  const ReplayResult result =
      ReplayOrder({.slots = 4, .halving = HalvingPlan{.first_steps = 10}}, curves, InOrder(curves));
  EXPECT_EQ(result.best_job, 1);
  EXPECT_EQ(result.device_seconds, 10 + 100);
}

TEST(Replay, ARungBetweenValidationsTakesTheLastOne) {
  const auto curves = Lines({3, 2, 4});
  const ReplayResult result =
      ReplayOrder({.halving = HalvingPlan{.first_steps = 55}}, curves, InOrder(curves));
  EXPECT_EQ(result.jobs[0].step, 55);
  EXPECT_EQ(result.jobs[0].value, 4);
}

TEST(Replay, WhatDivergesEndsThereAndIsTheWorstOfItsRung) {
  std::vector<Curve> curves = Lines({3, 2, 4});
  curves[0].points[2].value = kInfinite;
  const ReplayResult result =
      ReplayOrder({.halving = HalvingPlan{.first_steps = 50}}, curves, InOrder(curves));
  EXPECT_EQ(result.jobs[0].last, Kind::kDiverged);
  EXPECT_EQ(result.jobs[0].step, 30);
  EXPECT_EQ(result.device_seconds, 30 + 50 + 50 + 50);
  EXPECT_EQ(result.best_job, 1);
}

TEST(Replay, RulesStopJobs) {
  const auto curves = Lines({2, 2.1, 2.2, 4.8});
  const ReplayResult result =
      ReplayOrder({.stop = StopPlan{.median = StopPlan::Median{.after = {.steps = 30}, .least_jobs = 3}}},
                  curves, InOrder(curves));
  EXPECT_EQ(result.jobs[3].last, Kind::kStopped);
  EXPECT_EQ(result.jobs[3].step, 30);
  EXPECT_THAT(result.events.back().reason, HasSubstr("the median of the averages of 3 other jobs"));
  EXPECT_EQ(result.device_seconds, 330);

  const ReplayResult flat =
      ReplayOrder({.stop = StopPlan{.plateau = StopPlan::Plateau{.patience = {.steps = 20}, .min_delta = 1}}},
                  curves, {3});
  EXPECT_EQ(flat.jobs[0].step, 30);
  EXPECT_EQ(flat.best_job, std::nullopt) << "it did not come to its end";
}

TEST(Replay, WhatARuleFindsDivergedIsTheWorstOfItsRung) {
  const auto curves = Lines({4.9, 2, 3, 4});
  const ReplayPlan plan{.halving = HalvingPlan{.first_steps = 50},
                        .stop = StopPlan{.divergence = DivergencePlan{.limit = 4.95}}};
  const ReplayResult result = ReplayOrder(plan, curves, InOrder(curves));
  EXPECT_EQ(result.jobs[0].last, Kind::kDiverged);
  EXPECT_EQ(result.jobs[0].step, 10);
  EXPECT_EQ(result.best_job, 1);
  EXPECT_EQ(result.device_seconds, 10 + 3 * 50 + 50);
}

TEST(Replay, APortionFollowsTheOneBeforeAndCompetesWithIt) {
  Replay replay({.slots = 3, .halving = HalvingPlan{.first_steps = 50, .factor = 2}});
  replay.Train(Lines({3, 4}));
  EXPECT_EQ(replay.result().seconds, 100);
  EXPECT_EQ(replay.result().device_seconds, 50 + 50 + 50);
  replay.Train(Lines({4.5, 4.6}));
  EXPECT_EQ(replay.result().seconds, 150) << "neither is among the two best of four";
  EXPECT_EQ(replay.result().jobs[1].last, Kind::kPaused) << "what paused when its portion was over stays so";
  ASSERT_EQ(replay.result().jobs.size(), 4U);
  EXPECT_EQ(replay.result().jobs[3].curve, 3);
  replay.BeginStage();
  replay.Train(Lines({4.7, 4.8}));
  EXPECT_EQ(replay.result().jobs[4].last, Kind::kEnded) << "the best of its stage";
  EXPECT_EQ(replay.result().best_job, 0);
  EXPECT_EQ(replay.result().seconds, 250);
}

TEST(Replay, RulesOfAStageKnowNothingOfTheOneBefore) {
  Replay replay({.stop = StopPlan{.median = StopPlan::Median{.after = {.steps = 10}, .least_jobs = 2}}});
  replay.Train(Lines({2, 2.1}));
  replay.Train(Lines({4}));
  EXPECT_EQ(replay.result().jobs[2].last, Kind::kStopped);
  replay.BeginStage();
  replay.Train(Lines({4}));
  EXPECT_EQ(replay.result().jobs[3].last, Kind::kEnded);
}

TEST(Replay, AProposerSeesWhatHasEnded) {
  // Best in the middle; eleven curves for shares of one key.
  std::vector<Curve> curves;
  for (int i = 0; i <= 10; ++i) curves.push_back(Line(2 + 0.1 * std::abs(i - 5)));
  const Space space{{.key = "optimizer.learning_rate", .kind = Dimension::Kind::kWhole, .count = 11}};
  const auto curve_of = [](const Point& point) { return IndexOf(point[0], 11); };
  const auto search = MakeProposer(SearchMethod::kTpe, space, 1);
  const ReplayResult result = ReplaySearch({.slots = 2}, curves, *search, 30, curve_of);
  ASSERT_EQ(result.jobs.size(), 30U);
  EXPECT_EQ(result.best_value, 2);
  const auto near = std::count_if(result.jobs.begin() + 10, result.jobs.end(),
                                  [](const ReplayJob& job) { return std::abs(job.curve - 5) <= 1; });
  EXPECT_GE(near, 10) << "of 20 after the beginning; by chance it would be 5 or 6";
  EXPECT_EQ(Story(result), Story(ReplaySearch({.slots = 2}, curves, *search, 30, curve_of)));
}

TEST(Replay, ManySlotsNeverStandIdleWhileSomethingCanRun) {
  std::vector<Curve> curves;
  for (int i = 0; i < 60; ++i) {
    curves.push_back(Line(2 + i % 7 * 0.1));
    curves.back().seconds_per_step = 1 + i % 3;
  }
  const ReplayPlan plan{.slots = 8, .halving = HalvingPlan{.first_share = 0.1}};
  const ReplayResult result = ReplayOrder(plan, curves, InOrder(curves));
  int busy = 0;
  double last = 0;
  for (const ReplayEvent& event : result.events) {
    EXPECT_GE(event.seconds, last);
    last = event.seconds;
    const bool takes = event.kind == Kind::kStarted || event.kind == Kind::kWentOn;
    busy += takes ? 1 : -1;
    EXPECT_LE(busy, 8);
  }
  EXPECT_EQ(busy, 0);
  EXPECT_GE(result.device_seconds, 0.6 * 8 * result.seconds);
  EXPECT_NEAR(result.best_value, 2, 1e-9);
}

TEST(Replay, OfNothing) {
  EXPECT_TRUE(ReplayOrder({}, {}, {}).events.empty());
  EXPECT_EQ(ReplayOrder({.slots = 0}, Lines({2}), {0}).best_job, 0) << "one slot at least";
}

}  // namespace
}  // namespace optfleet::sweeps
