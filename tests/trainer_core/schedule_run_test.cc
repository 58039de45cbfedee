// Schedules in whole runs: what a run records is what the schedule says, also after a stop, and where a run's
// end is a time.
#include <gmock/gmock.h>

#include "spec/schedule.h"
#include "tests/trainer_core/session_fixture.h"

namespace optfleet::trainer {
namespace {

using testing::HasSubstr;
using enum spec::ScheduleKind;

class ScheduleRunTest : public SessionTest {
 protected:
  spec::TrainingSpec Spec(const spec::ScheduleSpec& schedule, const spec::BudgetSpec& budget) {
    spec::TrainingSpec spec = SmallSpec(data_);
    spec.schedule = schedule;
    spec.budget = budget;
    spec.training.clip_warmup = spec::Percent(30);
    spec.training.clip_warmup_factor = 2;
    for (const auto& problem : spec::Resolve(&spec)) ADD_FAILURE() << problem.message;
    return spec;
  }

  static std::vector<spec::ScheduleSpec> Schedules() {
    return {{.name = kOneCycle, .warmup = spec::Percent(30), .shape = spec::DecayShape::kCosine},
            {.name = kMaxCosineInverseSqrt, .warmup = spec::Percent(20), .start_ratio = 0.1},
            {.name = kWarmupStableDecay, .warmup = spec::Percent(20), .decay = spec::Percent(40)},
            {.name = kWarmRestarts, .cycle = spec::Percent(30), .cycle_factor = 2},
            {.name = kStages, .stages = "linear 0 to 1 for 40% then exponential 1 to 0.1 for rest"},
            {.warmup = spec::Percent(20), .start_ratio = 0.1, .freeze = spec::Percent(30)},
            {.rewarm_start = spec::Percent(30), .rewarm_end = spec::Percent(70)}};
  }
};

TEST_F(ScheduleRunTest, ARunRecordsWhatItsScheduleSays) {
  const spec::TrainingSpec spec = Spec({.name = kLinear, .warmup = spec::Steps(3)}, {.steps = 10});
  const auto run = Train(spec, {});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  const spec::Schedule schedule(spec);
  std::vector<double> rates, bounds;
  for (int64_t step = 1; step <= 10; ++step) {
    rates.push_back(schedule.At(static_cast<double>(step)).learning_rate);
    bounds.push_back(step <= 3 ? 2.0 : 1.0);
  }
  EXPECT_EQ(Column(*run, "learning_rate"), rates);
  EXPECT_EQ(Column(*run, "clip_norm"), bounds);
}

TEST_F(ScheduleRunTest, EveryScheduleSurvivesStopsBitForBit) {
  for (const auto& schedule : Schedules()) {
    SCOPED_TRACE(static_cast<int>(schedule.name));
    ExpectSurvivesStops(Spec(schedule, {.steps = 10}), 10);
  }
}

TEST_F(ScheduleRunTest, ARunByTimeFollowsTheShareThatIsUsed) {
  const spec::TrainingSpec spec = Spec({.warmup = spec::Percent(20)}, {.seconds = 9.5});
  const auto run = Train(spec, {.now = OneSecondALook()});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  EXPECT_EQ(run->result.outcome, Outcome::kSucceeded);
  EXPECT_EQ(run->result.last_step, 10);  // the step that uses the time up is the last
  EXPECT_EQ(run->result.final.at("train_seconds"), 10);
  EXPECT_EQ(run->result.final.count("val_loss"), 1U);
  EXPECT_EQ(Column(*run, "val_loss").size(), 1U);
  const spec::Schedule schedule(spec);
  std::vector<double> positions, rates;
  for (int step = 0; step < 10; ++step) {
    positions.push_back(step / 9.5);
    rates.push_back(schedule.At(step / 9.5).learning_rate);
  }
  EXPECT_EQ(Column(*run, "schedule_position"), positions);
  EXPECT_EQ(Column(*run, "learning_rate"), rates);
  EXPECT_GT(rates[2], rates[9]);
}

TEST_F(ScheduleRunTest, ARunByTimeGoesOnAtItsPosition) {
  for (const auto& schedule : Schedules()) {
    SCOPED_TRACE(static_cast<int>(schedule.name));
    ExpectSurvivesStops(Spec(schedule, {.seconds = 10}), 10);
  }
}

TEST_F(ScheduleRunTest, AStopSaysHowMuchTimeWasUsed) {
  const auto run = Train(Spec({}, {.seconds = 10}), {.stop_at = 4, .now = OneSecondALook()});
  ASSERT_TRUE(run.has_value()) << run.error().message();
  EXPECT_THAT(run->result.reason, HasSubstr("after step 4, 4 of 10 seconds"));
}

}  // namespace
}  // namespace optfleet::trainer
