// Sweeps with successive halving: jobs pause at rungs, the best go on, the others end.
#include <cmath>

#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using domain::JobState;
using testing::ElementsAre;
using testing::HasSubstr;

// Of 100 steps: rungs at 10, 30 and 90.
CreateSweep Halving(int jobs) {
  CreateSweep sweep = Jobs(jobs);
  sweep.search.halving = sweeps::HalvingPlan{.first_share = 0.1, .first_steps = 0, .factor = 3};
  return sweep;
}

TEST(Rungs, AJobPausesAtEachAndTheBestGoesOnBeforeANewOneBegins) {
  ClusterStory story;
  story.Submit(Halving(6));
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 3.0);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kPaused);
  EXPECT_THAT(story.ReasonOf("job-1"), HasSubstr("paused at a rung: 1st of 1 at rung 0 (step 10)"));
  worker.TrainsTo("job-2", 10, 2.0);
  worker.TrainsTo("job-3", 10, 4.0);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kPaused);
  EXPECT_THAT(story.History("sweeps/lr/jobs/2"), ElementsAre("paused", "queued"));
  worker.TrainsTo("job-2", 30, 1.9);
  EXPECT_EQ(story.StateOf("job-2"), JobState::kPaused) << "one of three goes on from the next rung, too";
  worker.TrainsTo("job-4", 10, 5.0);
}

TEST(Rungs, OneGoesToTheEndAndTheOthersEndWithWhatTheyCameTo) {
  ClusterStory story;
  story.Submit(Halving(3));
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 3.0);
  worker.TrainsTo("job-2", 10, 2.0);
  worker.TrainsTo("job-3", 10, 4.0);
  worker.TrainsTo("job-2", 30, 1.9);
  worker.TrainsTo("job-2", 90, 1.8);
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-2")->pause_step, 0);
  worker.Resumes("job-2", 90, 0);
  worker.Scores("job-2", 1.7);
  EXPECT_EQ(story.OutcomeOf("job-2"), Outcome::kSucceeded);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kStoppedEarly);
  EXPECT_THAT(story.ReasonOf("job-1"), HasSubstr("2nd of 3 at rung 0 (step 10)"));
  EXPECT_EQ(story.OutcomeOf("job-3"), Outcome::kStoppedEarly);
  EXPECT_EQ(story.SweepRow("lr").state, domain::SweepState::kEnded);
}

TEST(Rungs, ADivergedJobCountsAsTheWorstOfItsRung) {
  ClusterStory story;
  story.Submit(Halving(3));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Reports("job-1", Outcome::kDiverged);
  worker.TrainsTo("job-2", 10, 2.0);
  EXPECT_EQ(story.StateOf("job-2"), JobState::kPaused);
  worker.TrainsTo("job-3", 10, 1.0);
  worker.TrainsTo("job-3", 30, 1.0);
}

TEST(Rungs, ACancelledJobGoesOnNoMore) {
  ClusterStory story;
  story.Submit(Halving(4));
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 1.0);
  story.Cancel(JobName{"lr", 1});
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kCancelled);
  worker.TrainsTo("job-2", 10, 3.0);
  worker.TrainsTo("job-3", 10, 2.0);
  EXPECT_EQ(story.StateOf("job-3"), JobState::kPaused) << "the best of three has left";
}

TEST(Rungs, ACancelledSweepEndsWhateverIsPaused) {
  ClusterStory story;
  story.Submit(Halving(2));
  story.Worker("a").TrainsTo("job-1", 10, 1.0);
  story.Cancel("lr");
  EXPECT_EQ(story.SweepRow("lr").state, domain::SweepState::kCancelled);
}

TEST(Rungs, ACoordinatorThatStartsAnewKnowsWhoGoesOn) {
  ClusterStory story;
  story.Submit(Halving(3));
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 3.0);
  story.RestartCoordinator();
  EXPECT_EQ(story.StateOf("job-1"), JobState::kPaused);
  worker.TrainsTo("job-2", 10, 2.0);
  story.RestartCoordinator();
  worker.TrainsTo("job-3", 10, 4.0);
  story.RestartCoordinator();
  worker.TrainsTo("job-2", 30, 1.9);
  story.RestartCoordinator();
  worker.TrainsTo("job-2", 90, 1.9);
}

TEST(Rungs, AnAttemptThatGaveItsSlotBackBeforeItsRungGoesOnToIt) {
  ClusterStory story;
  story.Submit(Halving(3));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Checkpoints("job-1", 5, 5);
  worker.Reports("job-1", Outcome::kPreempted);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kAssigned);
  worker.TrainsTo("job-1", 10, 1.0);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kPaused);
}

TEST(Rungs, ATrainerThatKnowsNoPauseJustEnds) {
  ClusterStory story;
  story.Submit(Halving(2));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Scores("job-1", 2.0);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
  worker.Takes("job-2");
  worker.Scores("job-2", 1.0);
  EXPECT_EQ(story.SweepRow("lr").state, domain::SweepState::kEnded);
}

TEST(Rungs, AJobWithoutAValueDoesNotGoOn) {
  ClusterStory story;
  story.Submit(Halving(3));
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, std::nan(""));
  worker.TrainsTo("job-2", 10, std::nan(""));
  worker.TrainsTo("job-3", 10, std::nan(""));
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kStoppedEarly);
  EXPECT_EQ(story.SweepRow("lr").state, domain::SweepState::kEnded);
}

TEST(Rungs, WhatIsTriedAgainRunsToItsEnd) {
  ClusterStory story;
  story.Submit(Halving(3));
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 3.0);
  worker.TrainsTo("job-2", 10, 2.0);
  worker.TrainsTo("job-3", 10, 4.0);
  worker.TrainsTo("job-2", 30, 1.9);
  worker.TrainsTo("job-2", 90, 1.8);
  worker.Resumes("job-2", 90, 0);
  worker.Scores("job-2", 1.7);
  story.Retry("job-1");
  worker.Synchronizes();
  EXPECT_EQ(worker.Desired("job-1")->pause_step, 0);
}

TEST(Rungs, WhatExtendsASweepThatHadEndedCompetesWithItself) {
  ClusterStory story;
  story.Submit(Halving(1));
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 3.0);
  worker.TrainsTo("job-1", 30, 3.0);
  worker.TrainsTo("job-1", 90, 3.0);
  worker.Resumes("job-1", 90, 0);
  worker.Scores("job-1", 3.0);
  ExtendSweep more;
  more.sweep_id = "lr";
  more.revision = 1;
  more.objective = {.metric = "val_loss"};
  more.points = Jobs(1, "more").points;
  story.Give(more);
  story.Knows({"lr", 2});
  worker.TrainsTo("job-2", 10, 9.0);
  worker.TrainsTo("job-2", 30, 9.0);
  EXPECT_EQ(story.StateOf("job-2"), JobState::kAssigned) << "the best of those that came";
}

// Seed 224 of the simulation: what paused meanwhile waited for ever.
TEST(Rungs, WhatIsComingInPartsCompetesWithWhatIsPaused) {
  ClusterStory story;
  story.Submit(Halving(1));
  ExtendSweep more;
  more.sweep_id = "lr";
  more.revision = 1;
  more.objective = {.metric = "val_loss"};
  story.Give(BeginExtension{more});
  story.Give(AddPoints{.sweep_id = "lr", .points = Jobs(1, "more").points});
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 3.0);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kPaused) << "another is coming";
  while (std::holds_alternative<SweepAnswer>(story.Give(AbandonSweep{"lr"}))) {
  }
  worker.TrainsTo("job-1", 30, 3.0);
}

TEST(Rungs, TheLastToEndMayBeOneThatDoesNotCompete) {
  ClusterStory story;
  story.Submit(Halving(2));
  auto worker = story.Worker("a");
  worker.Takes("job-1");
  worker.Reports("job-1", Outcome::kDiverged);
  story.Retry("job-1");
  auto other = story.Worker("b");
  other.Takes("job-1");
  worker.TrainsTo("job-2", 10, 1.0);
  EXPECT_EQ(story.StateOf("job-2"), JobState::kPaused);
  other.Scores("job-1", 2.0);
  EXPECT_EQ(story.OutcomeOf("job-2"), Outcome::kStoppedEarly) << "one was trained to its end";
}

// Seed 83: on disk it was a new job, in memory one that runs to its end.
TEST(Rungs, ACancelledJobThatNeverRanCompetesWhenItIsTriedAgain) {
  ClusterStory story;
  story.Submit(Halving(2));
  story.Cancel(JobName{"lr", 2});
  story.Retry("job-2");
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 2.0);
  worker.TrainsTo("job-2", 10, 1.0);
  worker.TrainsTo("job-2", 30, 1.0);
}

// Seed 2000770: a coordinator that had started meanwhile knew nothing of those that competed before.
TEST(Rungs, WhatEndedBeforeARestartStillCompetesWithWhatIsTriedAgain) {
  ClusterStory story;
  story.Submit(Halving(3));
  auto worker = story.Worker("a");
  worker.TrainsTo("job-1", 10, 1.0);
  worker.TrainsTo("job-2", 10, 2.0);
  story.Cancel("lr");
  worker.Synchronizes();
  story.RestartCoordinator();
  story.Retry("job-3");
  EXPECT_EQ(story.engine().state().sweeps.at("lr").halving->StandingOf(2, 0)->place, 2);
}

}  // namespace
}  // namespace optfleet::engine
