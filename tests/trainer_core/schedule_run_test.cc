// Schedules in whole runs: what a run records is what the schedule says, also after a stop, and where a run's
// end is a time.
#include <gmock/gmock.h>

#include "spec/schedule.h"
#include "tests/trainer_core/session_fixture.h"

namespace optfleet::trainer {
namespace {

using testing::HasSubstr;
using enum spec::ScheduleKind;

// A clock on which every look takes a second, so that every step does.
std::function<std::chrono::steady_clock::time_point()> OneSecondALook() {
  return [now = std::chrono::steady_clock::time_point()]() mutable { return now += std::chrono::seconds(1); };
}

class ScheduleRunTest : public SessionTest {
 protected:
  static std::vector<double> Column(const Trained& run, const std::string& key) {
    rundir::LogReader reader(run.folder + "/metrics.log");
    std::vector<double> values;
    const auto records = reader.Read(10000);
    for (const auto& record : records.value())
      for (const auto& point : record.points)
        if (reader.keys()[point.key] == key) values.push_back(point.value);
    return values;
  }

  spec::TrainingSpec Spec(const spec::ScheduleSpec& schedule, const spec::BudgetSpec& budget) {
    spec::TrainingSpec spec = SmallSpec(data_);
    spec.schedule = schedule;
    spec.budget = budget;
    spec.training.clip_warmup = spec::Percent(30);
    spec.training.clip_warmup_factor = 2;
    for (const auto& problem : spec::Resolve(&spec)) ADD_FAILURE() << problem.message;
    return spec;
  }

  // Stopped and resumed at each of the steps it records and computes what it does undisturbed.
  void ExpectSurvivesStops(const spec::TrainingSpec& spec, int64_t steps) {
    spec::TrainingSpec kept = spec;
    kept.checkpoint.every_steps = steps;
    const auto whole = Train(kept, {.now = OneSecondALook()});
    ASSERT_TRUE(whole.has_value()) << whole.error().message();
    ASSERT_EQ(whole->result.last_step, steps);
    const auto expected = Records(*whole);
    for (const int64_t stop : {1, 5}) {
      const auto first = Train(kept, {.stop_at = stop, .now = OneSecondALook()});
      ASSERT_TRUE(first.has_value()) << first.error().message();
      const auto second = Train(kept, {.resume = Checkpoint(*first, stop), .now = OneSecondALook()});
      ASSERT_TRUE(second.has_value()) << second.error().message();
      auto series = Records(*first);
      for (const auto& record : Records(*second)) series.push_back(record);
      EXPECT_EQ(series, expected) << "stopped at " << stop;
      EXPECT_EQ(ReadText(Checkpoint(*second, steps) + "/weights.safetensors"),
                ReadText(Checkpoint(*whole, steps) + "/weights.safetensors"));
    }
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
