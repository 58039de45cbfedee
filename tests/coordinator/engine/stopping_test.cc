// Sweeps with rules that stop jobs early.
#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using domain::JobState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// Of jobs of 100 steps: after 20 a job stops that is worse than the median of two others.
CreateSweep WithMedian(int jobs) {
  CreateSweep sweep = Jobs(jobs);
  sweep.search.stop.emplace().median = {.after = {.share = 0.2, .steps = 0}, .least_jobs = 2};
  return sweep;
}

CreateSweep WithPlateau(int jobs) {
  CreateSweep sweep = Jobs(jobs);
  sweep.search.stop.emplace().plateau = {.patience = {.share = 0.3, .steps = 0}, .min_delta = 0};
  return sweep;
}

// Two jobs that are good up to step 40.
void TrainTwo(ClusterStory::WorkerHandle* worker) {
  for (const std::string job : {"job-1", "job-2"}) {
    worker->Takes(job);
    worker->Validates(job, 20, 3.0);
    worker->Validates(job, 40, 2.0);
  }
}

TEST(Stopping, TheMedianStopsAJobThatIsWorseThanOthers) {
  ClusterStory story;
  story.Submit(WithMedian(3));
  auto worker = story.Worker("a", 3);
  TrainTwo(&worker);
  worker.Takes("job-3");
  worker.Validates("job-3", 10, 9.0);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-3")->action, DesiredAttempt::Action::kRun) << "too early to say";
  worker.Validates("job-3", 20, 8.0);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-3")->action, DesiredAttempt::Action::kStop);
  EXPECT_EQ(worker.Desired("job-3")->stop_outcome, Outcome::kStoppedEarly);
  EXPECT_THAT(
      worker.Desired("job-3")->stop_reason,
      HasSubstr("its best value 8 at step 20 is above 3, the median of the averages of 2 other jobs"));
  EXPECT_THAT(story.History("sweeps/lr/jobs/3"), ElementsAre("stopping"));
  EXPECT_EQ(worker.Desired("job-1")->action, DesiredAttempt::Action::kRun);
  worker.Reports("job-3", Outcome::kStoppedEarly, 2);
  EXPECT_EQ(story.OutcomeOf("job-3"), Outcome::kStoppedEarly);
}

TEST(Stopping, APlateauStopsAJobWhateverOthersDo) {
  ClusterStory story;
  story.Submit(WithPlateau(1));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Validates("job-1", 10, 3.0);
  worker.Validates("job-1", 30, 3.5);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-1")->action, DesiredAttempt::Action::kRun);
  worker.Validates("job-1", 40, 3.0);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-1")->stop_outcome, Outcome::kStoppedEarly);
  EXPECT_THAT(worker.Desired("job-1")->stop_reason, HasSubstr("for 30 steps"));
}

TEST(Stopping, ADivergedJobEndsAsDiverged) {
  ClusterStory story;
  CreateSweep sweep = Jobs(1);
  sweep.search.stop.emplace().divergence = sweeps::DivergencePlan{.factor = 2};
  story.Submit(sweep);
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Validates("job-1", 10, 3.0);
  worker.Validates("job-1", 20, 7.0);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-1")->stop_outcome, Outcome::kDiverged);
  EXPECT_FALSE(worker.Desired("job-1")->stop_with_checkpoint);
  worker.Reports("job-1", Outcome::kDiverged, 2);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kDiverged);
  EXPECT_EQ(story.SweepRow("lr").state, domain::SweepState::kEnded);
}

TEST(Stopping, AStoppedJobWhoseWorkerIsLostIsNotTriedAgain) {
  ClusterStory story;
  story.Submit(WithPlateau(1));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Validates("job-1", 10, 3.0);
  worker.Validates("job-1", 40, 3.0);
  story.RestartCoordinator();
  story.Partition("a");
  story.AdvancePast(story.lease());
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kStoppedEarly);
  EXPECT_THAT(story.ReasonOf("job-1"), HasSubstr("no value at step 40 is better"));
}

TEST(Stopping, WithoutARuleNothingIsWatchedAndNothingStops) {
  ClusterStory story;
  story.Submit(Jobs(3));
  auto worker = story.Worker("a", 3);
  TrainTwo(&worker);
  worker.Takes("job-3");
  worker.Validates("job-3", 90, 99.0);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-3")->action, DesiredAttempt::Action::kRun);
  EXPECT_THAT(story.engine().watched(), IsEmpty());
}

TEST(Stopping, ASweepIsWatchedWhileItIsActive) {
  ClusterStory story;
  story.Submit(WithMedian(1));
  EXPECT_THAT(story.engine().watched(), ElementsAre(Pair("lr", "val_loss")));
  story.RestartCoordinator();
  EXPECT_THAT(story.engine().watched(), ElementsAre(Pair("lr", "val_loss")));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Reports("job-1", Outcome::kDiverged);
  EXPECT_THAT(story.engine().watched(), IsEmpty());
  story.Retry("job-1");
  EXPECT_THAT(story.engine().watched(), ElementsAre(Pair("lr", "val_loss")));
}

TEST(Stopping, ACoordinatorThatStartsAnewKnowsTheMedian) {
  ClusterStory story;
  story.Submit(WithMedian(3));
  auto worker = story.Worker("a", 3);
  TrainTwo(&worker);
  worker.Scores("job-1", 2.0);
  worker.Takes("job-3");
  worker.Validates("job-3", 10, 9.0);
  story.RestartCoordinator();
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-3")->action, DesiredAttempt::Action::kRun);
  worker.Validates("job-3", 20, 8.0);
  worker.Synchronizes();
  EXPECT_THAT(worker.Desired("job-3")->stop_reason, HasSubstr("above 3, the median"))
      << "also of an ended job";
}

TEST(Stopping, WhatIsTriedAgainRunsToItsEnd) {
  ClusterStory story;
  story.Submit(WithPlateau(2));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Validates("job-1", 10, 3.0);
  worker.Validates("job-1", 40, 3.0);
  worker.Reports("job-1", Outcome::kStoppedEarly, 2);
  worker.Takes("job-2");
  worker.Scores("job-2", 1.0);
  story.Retry("job-1");
  worker.Takes("job-1");
  worker.Validates("job-1", 90, 3.0);
  story.RestartCoordinator();
  worker.Validates("job-1", 95, 3.0);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-1")->action, DesiredAttempt::Action::kRun);
}

TEST(Stopping, WhatHasReportedItsEndIsLeftAlone) {
  ClusterStory story;
  story.Submit(WithPlateau(1));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Validates("job-1", 10, 3.0);
  worker.Reports("job-1", Outcome::kPreempted, 3);
  worker.Validates("job-1", 40, 3.0);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
  worker.Validates("job-1", 41, 3.0);
  EXPECT_EQ(story.OutcomeOf("job-1"), std::nullopt) << "it goes on in its next attempt";
}

TEST(Stopping, ACancelledJobStaysCancelled) {
  ClusterStory story;
  story.Submit(WithPlateau(1));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Validates("job-1", 10, 3.0);
  story.Cancel(JobName{"lr", 1});
  worker.Validates("job-1", 40, 3.0);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-1")->stop_outcome, Outcome::kCancelled);
}

TEST(Stopping, JobsOfAStageAreMeasuredByEachOther) {
  ClusterStory story;
  CreateSweep sweep = WithMedian(2);
  sweep.stages = {{.name = "rates", .base = "", .from = {}},
                  {.name = "seeds", .base = "best(rates)", .from = {}}};
  story.Submit(sweep);
  auto worker = story.Worker("a", 2);
  TrainTwo(&worker);
  worker.Scores("job-1", 2.0);
  worker.Scores("job-2", 2.0);
  ExtendSweep next;
  next.sweep_id = "lr";
  next.revision = 1;
  next.objective = {.metric = "val_loss"};
  next.stage = NextStage{.number = 2, .from = {1}};
  next.points = Jobs(1, "next").points;
  story.Give(next);
  story.Knows({"lr", 3});
  worker.Takes("job-3");
  worker.Validates("job-3", 20, 9.0);
  story.RestartCoordinator();
  worker.Validates("job-3", 40, 9.0);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-3")->action, DesiredAttempt::Action::kRun);
}

// With rungs a job may be stopped before it comes to its next one.
TEST(Stopping, AJobMayBeStoppedOnItsWayToARung) {
  ClusterStory story;
  CreateSweep sweep = WithPlateau(1);
  sweep.search.halving = sweeps::HalvingPlan{.first_share = 0.9, .first_steps = 0, .factor = 3};
  story.Submit(sweep);
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Validates("job-1", 10, 3.0);
  worker.Validates("job-1", 40, 3.0);
  worker.Reports("job-1", Outcome::kStoppedEarly, 2);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kStoppedEarly);
  EXPECT_EQ(story.SweepRow("lr").state, domain::SweepState::kEnded);
}

}  // namespace
}  // namespace optfleet::engine
