// Sweeps that pause by their guard.
#include "coordinator/domain/slot_time.h"
#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using domain::JobState;
using domain::Pause;
using domain::SweepState;
using std::chrono::minutes;
using testing::Contains;

std::optional<Code> CodeOf(const Answer& answer) {
  const auto* error = std::get_if<Error>(&answer);
  return error == nullptr ? std::nullopt : std::optional(error->code());
}

std::string MessageOf(const Answer& answer) {
  const auto* error = std::get_if<Error>(&answer);
  return error == nullptr ? "" : error->message();
}

CreateSweep Guarded(int jobs, const sweeps::GuardPlan& guard) {
  CreateSweep sweep = Jobs(jobs);
  sweep.search.guard = guard;
  return sweep;
}

// Or another pause.
PauseSweep Resume(Pause pause = Pause::kNo) {
  return {.request_id = "", .sweep_id = "lr", .pause = pause, .reason = ""};
}

UpdateSweep LimitOf(double hours) {
  UpdateSweep update;
  update.sweep_id = "lr";
  update.device_hours = hours;
  return update;
}

UpdateSweep NoGuard() {
  UpdateSweep update;
  update.sweep_id = "lr";
  update.no_guard = true;
  return update;
}

constexpr sweeps::GuardPlan kOneMayFail{.failed = sweeps::JobsOrShare{.share = 0, .jobs = 1}};
constexpr sweeps::GuardPlan kHalfAnHour{.device_hours = 0.5};

double HoursOf(ClusterStory& story, const std::string& sweep = "lr") {
  const State& state = story.engine().state();
  return domain::DeviceHours(state.sweeps.at(sweep).slot_time.Until(state.now));
}

// On one slot.
void Fail(ClusterStory* story, const std::string& job) {
  story->Worker("a").Takes(job);
  story->Worker("a").Reports(job, Outcome::kFailed, 0, false);
}

TEST(Guards, ASweepOfWhichTooManyFailPauses) {
  ClusterStory story;
  story.Submit(Guarded(4, kOneMayFail));
  story.Worker("a");
  Fail(&story, "job-1");
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kNo);
  Fail(&story, "job-2");
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kStopRunning);
  EXPECT_EQ(story.StateOf("job-3"), JobState::kQueued);
  EXPECT_THAT(story.History("sweeps/lr"), Contains("paused"));
  story.Worker("a").Synchronizes();
  EXPECT_FALSE(story.Worker("a").Desired("job-3"));
}

TEST(Guards, WhatRunsStopsAfterACheckpointAndNothingIsLost) {
  ClusterStory story;
  story.Submit(Guarded(3, {.diverged = sweeps::JobsOrShare{.share = 0.5, .jobs = 0}, .after = 1}));
  auto worker = story.Worker("a", 2);
  worker.Takes("job-1");
  worker.Takes("job-2");
  worker.Reports("job-1", Outcome::kDiverged);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-2")->action, DesiredAttempt::Action::kStop);
  EXPECT_EQ(worker.Desired("job-2")->stop_outcome, Outcome::kPreempted);
  worker.Checkpoints("job-2", 50, 0);
  worker.Reports("job-2", Outcome::kPreempted);
  EXPECT_EQ(story.StateOf("job-2"), JobState::kQueued);
  EXPECT_EQ(CodeOf(story.Give(NoGuard())), std::nullopt);
  EXPECT_EQ(CodeOf(story.Give(Resume())), std::nullopt);
  worker.Resumes("job-2", 50, 0);
}

TEST(Guards, TheLimitOfDeviceHoursCountsWhatRunsAndWhatEnded) {
  ClusterStory story;
  story.Submit(Guarded(3, kHalfAnHour));
  auto worker = story.Worker("a", 2);
  worker.Takes("job-1");
  worker.Takes("job-2");
  story.Advance(minutes(10));
  worker.Scores("job-1", 2.0);
  EXPECT_NEAR(HoursOf(story), 20.0 / 60, 1e-3);
  story.Advance(minutes(9));
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kActive);
  EXPECT_NE(worker.Desired("job-2")->action, DesiredAttempt::Action::kStop);
  story.Advance(minutes(2));
  EXPECT_EQ(worker.Desired("job-2")->action, DesiredAttempt::Action::kStop);
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kStopRunning);
}

TEST(Guards, AJobCostsItsShareOfItsSlots) {
  ClusterStory story;
  CreateSweep sweep = Jobs(1);
  sweep.points[0].resources.slots = 2;
  sweep.points[0].resources.share = 25;
  story.Submit(sweep);
  auto worker = story.Worker("a", 2);
  worker.Takes("job-1");
  story.Advance(minutes(60));
  EXPECT_NEAR(HoursOf(story), 0.5, 1e-3);
}

TEST(Guards, WhatWasSpentSurvivesARestart) {
  ClusterStory story;
  story.Submit(Guarded(3, kHalfAnHour));
  auto worker = story.Worker("a", 2);
  worker.Takes("job-1");
  worker.Takes("job-2");
  story.Advance(minutes(10));
  worker.Scores("job-1", 2.0);
  const double before = HoursOf(story);
  story.RestartCoordinator();
  EXPECT_DOUBLE_EQ(HoursOf(story), before);
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kNo);
  story.Advance(minutes(11));
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kStopRunning);
}

TEST(Guards, AClockThatWasSetBackTakesNothingBack) {
  ClusterStory story;
  story.Submit(Guarded(2, kHalfAnHour));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  story.Advance(minutes(10));
  story.SetClock(-minutes(60));
  story.RestartCoordinator();
  EXPECT_GE(HoursOf(story), 0);
  story.Advance(minutes(6));
  EXPECT_NEAR(HoursOf(story), 0.1, 1e-3) << "since the start: nobody can know more";
  worker.Scores("job-1", 2.0);
  EXPECT_NEAR(HoursOf(story), 0.1, 1e-3);
  story.RestartCoordinator();
  EXPECT_NEAR(HoursOf(story), 0.1, 1e-3);
}

TEST(Guards, ItIsResumedOnlyOnceTheLimitIsRaisedOrTheGuardTakenOff) {
  ClusterStory story;
  story.Submit(Guarded(2, kHalfAnHour));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  story.Advance(minutes(31));
  worker.Reports("job-1", Outcome::kPreempted);
  const Answer refused = story.Give(Resume());
  EXPECT_EQ(CodeOf(refused), Code::kFailedPrecondition);
  EXPECT_EQ(MessageOf(refused),
            "sweeps/lr would pause again at once: 30 device minutes are spent; first raise the limit of its "
            "guard, or take the guard off: optctl update lr --device-hours HOURS, or --no-guard");
  EXPECT_EQ(CodeOf(story.Give(Resume(Pause::kKeepRunning))), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(story.Give(Resume(Pause::kStopRunning))), std::nullopt) << "it is";

  EXPECT_EQ(CodeOf(story.Give(LimitOf(1))), std::nullopt);
  EXPECT_EQ(story.SweepRow("lr").search.guard->device_hours, 1);
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kStopRunning) << "until a person resumes it";
  EXPECT_EQ(CodeOf(story.Give(Resume())), std::nullopt);
  worker.Takes("job-1");
  story.Advance(minutes(31));
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kStopRunning);
}

TEST(Guards, CanBeGivenAndTakenOffWhileItRuns) {
  ClusterStory story;
  story.Submit(Jobs(2));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  story.Advance(minutes(31));
  EXPECT_EQ(CodeOf(story.Give(LimitOf(-1))), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(story.Give(LimitOf(0.6))), std::nullopt);
  story.RestartCoordinator();
  EXPECT_EQ(CodeOf(story.Give(NoGuard())), std::nullopt);
  EXPECT_FALSE(story.SweepRow("lr").search.guard);
  story.Advance(minutes(31));
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kNo);
  EXPECT_EQ(CodeOf(story.Give(LimitOf(0.5))), std::nullopt);
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kStopRunning) << "it has cost more than that already";
}

TEST(Guards, APersonsGentlePauseBecomesOneThatStops) {
  ClusterStory story;
  story.Submit(Guarded(1, kHalfAnHour));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  story.Give(Resume(Pause::kKeepRunning));
  story.Advance(minutes(31));
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kStopRunning);
}

TEST(Guards, ASweepThatHasEndedStaysAsItIs) {
  ClusterStory story;
  story.Submit(Guarded(2, kOneMayFail));
  story.Worker("a");
  Fail(&story, "job-1");
  Fail(&story, "job-2");
  EXPECT_EQ(story.SweepRow("lr").state, SweepState::kEnded);
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kNo);
  story.Retry("job-2");
  EXPECT_EQ(story.SweepRow("lr").pause, Pause::kNo) << "one has failed now, as it may";
}

// Of two jobs at a rung the one with the larger value goes on.
TEST(Direction, OfTheObjectiveDecidesWhoGoesOnAndWhoIsTheBest) {
  ClusterStory story;
  CreateSweep sweep = Jobs(2);
  sweep.objective.maximize = true;
  sweep.search.halving = sweeps::HalvingPlan{.first_share = 0.1, .first_steps = 0, .factor = 2};
  story.Submit(sweep);
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 3.0);
  worker.TrainsTo("job-2", 10, 4.0);
  EXPECT_EQ(story.StateOf("job-2"), JobState::kAssigned) << "it goes on";
  EXPECT_EQ(story.StateOf("job-1"), JobState::kPaused);
}

TEST(Direction, TheBestJobHasTheMost) {
  ClusterStory story;
  CreateSweep sweep = Jobs(3);
  sweep.objective.maximize = true;
  sweep.keep.best_jobs = 1;
  story.Submit(sweep);
  auto worker = story.Worker("a");
  const double values[] = {2.0, 5.0, 3.0};
  for (int job = 1; job <= 3; ++job) {
    worker.Takes("job-" + std::to_string(job));
    worker.Scores("job-" + std::to_string(job), values[job - 1]);
  }
  const LiveSweep& live = story.engine().state().sweeps.at("lr");
  EXPECT_EQ(live.ended.best_job, 2);
  ASSERT_EQ(live.best.size(), 1U);
  EXPECT_EQ(live.best.begin()->second, 2);
}

}  // namespace
}  // namespace optfleet::engine
