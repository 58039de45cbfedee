// How attempts end and what follows for their jobs.
#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using domain::AttemptState;
using domain::JobState;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(End, CountsOnlyWhenItsRecordsAreHeld) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kSucceeded, 120);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
  EXPECT_EQ(story.AttemptOf("job-1", 1).state, AttemptState::kFinishing);
  EXPECT_FALSE(story.Worker("a").Forgotten("job-1"));
  story.Worker("a").Delivers("job-1", 119);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
  story.Worker("a").Delivers("job-1", 120);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kEnded);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
  story.Worker("a").Synchronizes();
  EXPECT_FALSE(story.Worker("a").Names("job-1"));
  EXPECT_THAT(story.History("sweeps/lr/jobs/1/attempts/1"),
              ElementsAre("assigned", "running", "finishing", "ended"));
}

// The trainer was killed, so that nobody synced its log; seed 3000202 of the simulation.
TEST(End, DoesNotWaitForRecordsThatTheWorkerHasNoMore) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kFailed, 120);
  story.Worker("a").Delivers("job-1", 100);
  story.Worker("a").Reports("job-1", Outcome::kFailed, 119);
  EXPECT_EQ(story.AttemptOf("job-1", 1).state, AttemptState::kFinishing);
  story.Worker("a").Reports("job-1", Outcome::kFailed, 90);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
  EXPECT_EQ(story.AttemptOf("job-1", 1).outcome, Outcome::kFailed);
  EXPECT_THAT(story.History("sweeps/lr/jobs/1/attempts/1"),
              ElementsAre("assigned", "running", "finishing", "records_lost", "records_lost", "ended"));
}

TEST(End, ASuccessWhoseRecordsWereLostIsTriedAgain) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kSucceeded, 120);
  story.Worker("a").LosesPower("job-1", 80);
  EXPECT_EQ(story.AttemptOf("job-1", 1).state, AttemptState::kFinishing);
  story.Worker("a").Delivers("job-1", 80);
  EXPECT_EQ(story.AttemptOf("job-1", 1).outcome, Outcome::kFailed);
  EXPECT_THAT(story.ReasonOf("job-1"), HasSubstr("worker a has 80 records of 120 left, and its end is lost"));
}

TEST(End, StandsIfOnlyTheWordOfItWasLost) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kSucceeded, 120);
  story.Worker("a").LosesPower("job-1", 120);
  story.Worker("a").Delivers("job-1", 120);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
}

TEST(End, ResultsAreNotTriedAgain) {
  for (Outcome outcome : {Outcome::kOutOfMemory, Outcome::kDiverged, Outcome::kStoppedEarly}) {
    ClusterStory story;
    story.Submit(OneJob());
    story.Worker("a").Takes("job-1");
    story.Worker("a").Reports("job-1", outcome);
    EXPECT_EQ(story.OutcomeOf("job-1"), outcome);
    EXPECT_EQ(story.SweepRow("lr").state, domain::SweepState::kEnded);
  }
}

TEST(End, AFailureIsTriedAgainAfterABackoff) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kFailed);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
  EXPECT_THAT(story.ReasonOf("job-1"),
              HasSubstr("attempt 1 failed: it said failed; the next one starts at 00:00:01"));
  story.Advance(seconds(1));
  EXPECT_EQ(story.StateOf("job-1"), JobState::kAssigned);
}

TEST(End, ThreeFailuresWithoutProgressAreEnough) {
  ClusterStory story;
  story.Submit(OneJob());
  for (int i = 1; i <= 3; ++i) {
    story.Worker("a").Takes("job-1");
    story.Worker("a").Reports("job-1", Outcome::kFailed);
    story.Advance(seconds(10));
  }
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kFailed);
  EXPECT_THAT(story.ReasonOf("job-1"), HasSubstr("3 attempts failed without a newer checkpoint"));
}

TEST(End, ANewerCheckpointForgivesEarlierFailures) {
  ClusterStory story;
  story.Submit(OneJob());
  for (int i = 1; i <= 6; ++i) {
    if (i == 1) story.Worker("a").Takes("job-1");
    if (i > 1) story.Worker("a").Resumes("job-1", 10 * (i - 1), 10 * (i - 1));
    story.Worker("a").Checkpoints("job-1", 10 * i, 10 * i);
    story.Worker("a").Reports("job-1", Outcome::kFailed);
    story.Advance(seconds(10));
  }
  EXPECT_EQ(story.OutcomeOf("job-1"), std::nullopt);
  EXPECT_EQ(story.AttemptOf("job-1", 6).parent, 5);
}

TEST(End, ARefusedConfigurationIsNotTriedAgain) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kFailed, 0, false);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kFailed);
  EXPECT_EQ(story.ReasonOf("job-1"), "it said failed");
}

TEST(Resume, GoesOnFromTheCheckpointAndWaitsForTheParentsRecords) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 50, 60);
  story.Worker("a").Delivers("job-1", 60);
  story.Worker("a").Reports("job-1", Outcome::kPreempted, 60);
  story.Worker("a").Resumes("job-1", 50, 60);
  EXPECT_EQ(story.AttemptOf("job-1", 1).record_limit, 60);
  story.ThrowMetricsAway();
  story.RestartCoordinator();
  story.Worker("a").Reports("job-1", Outcome::kSucceeded, 40);
  story.Worker("a").Delivers("job-1", 40);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);  // records 1 to 60 of attempt 1 are missing
  story.Give(RecordsHeld{{{"lr", 1}, 1}, 60, 50});
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
}

// Before, the job waited for ever.
TEST(Resume, RecordsThatNobodyHasAreNotWaitedFor) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 50, 60);
  story.Worker("a").Delivers("job-1", 60);
  story.Worker("a").Reports("job-1", Outcome::kPreempted, 60);
  story.Worker("a").Resumes("job-1", 50, 60);
  story.Worker("a").Checkpoints("job-1", 70, 20);
  story.Worker("a").Synchronizes();  // attempt 1 is let go of: its records are held
  story.ThrowMetricsAway();
  story.RestartCoordinator();
  story.Worker("a").Reports("job-1", Outcome::kSucceeded, 40);
  story.Worker("a").Delivers("job-1", 40);
  story.Worker("a").Synchronizes();
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
  EXPECT_THAT(story.History("sweeps/lr/jobs/1/attempts/1").back(), testing::HasSubstr("records_lost"));
}

// Seed 5000146 of the simulation: the folder had come back after a power cut, without its records.
TEST(Resume, NorAreRecordsThatAPowerCutTook) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 50, 60);
  story.Worker("a").Delivers("job-1", 60);
  story.Worker("a").Reports("job-1", Outcome::kPreempted, 60);
  story.Worker("a").Resumes("job-1", 50, 60);
  story.ThrowMetricsAway();
  story.RestartCoordinator();
  story.Worker("a").HasLeft("job-1", 1, 30);
  story.Worker("a").Reports("job-1", Outcome::kSucceeded, 40);
  story.Worker("a").Delivers("job-1", 40);
  story.Worker("a").Synchronizes();
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
}

TEST(Resume, AWorkerThatCannotResumeStartsFresh) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 50, 60);
  story.Worker("a").Reports("job-1", Outcome::kPreempted, 0);
  story.Worker("a").Loses("job-1");
  story.Worker("a").Takes("job-1");  // says nothing of a resume
  EXPECT_EQ(story.AttemptOf("job-1", 2).resume_attempt, 1);
  EXPECT_EQ(story.AttemptOf("job-1", 2).parent, 0);
  story.Worker("a").Reports("job-1", Outcome::kSucceeded, 0);
  EXPECT_EQ(story.OutcomeOf("job-1"), Outcome::kSucceeded);
}

TEST(Resume, WaitsForTheWorkerWithTheCheckpointThenStartsFresh) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 50, 60);
  story.Worker("a").Drains();
  story.Worker("a").Reports("job-1", Outcome::kPreempted, 0);
  story.Worker("a").Leaves();
  story.Worker("b");
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
  EXPECT_THAT(
      story.WaitsBecause("a"),
      "its checkpoint is on worker a, which has left; without it the job goes on elsewhere at 00:10:00");
  story.AdvancePast(story.lease());
  EXPECT_EQ(story.AttemptOf("job-1", 2).worker, "b");
  EXPECT_EQ(story.AttemptOf("job-1", 2).resume_attempt, 0);
}

TEST(Resume, AJobThatOnlyWaitsDoesNotHoldUpOthers) {
  ClusterStory story;
  story.Submit(Jobs(2));
  story.Worker("a").Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 50, 60);
  story.Partition("a");
  story.AdvancePast(story.lease() - minutes(1));
  story.Worker("b").Takes("job-2");
  EXPECT_EQ(story.AttemptOf("job-2", 1).worker, "b");
}

TEST(Resume, CheckpointsAreKeptUntilTheJobEnds) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a", 2).Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 50, 10);
  story.Worker("a").Delivers("job-1", 10);
  story.Worker("a").Reports("job-1", Outcome::kPreempted, 10);
  const auto forgotten = story.Worker("a").Forgotten("job-1");
  ASSERT_TRUE(forgotten.has_value());
  EXPECT_TRUE(forgotten->keep_checkpoints);
  EXPECT_FALSE(forgotten->kill);
  story.Worker("a").Resumes("job-1", 50, 10);
  EXPECT_EQ(story.Worker("a").Desired("job-1")->resume_parent, (AttemptName{{"lr", 1}, 1}));
  story.Worker("a").Reports("job-1", Outcome::kSucceeded, 0);
  story.Worker("a").Synchronizes();
  EXPECT_FALSE(story.Worker("a").Names("job-1"));  // both are let go of
}

TEST(Resume, ALostAttemptThatNobodyReplacedSavesItsWork) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Partition("a");
  story.AdvancePast(story.lease());
  story.Heal("a");
  const auto desired = story.Worker("a").Desired("job-1");
  ASSERT_TRUE(desired.has_value());
  EXPECT_EQ(desired->action, DesiredAttempt::Action::kStop);
  EXPECT_TRUE(desired->stop_with_checkpoint);
  EXPECT_EQ(desired->stop_outcome, Outcome::kPreempted);
  story.Worker("a").Checkpoints("job-1", 70, 70);
  story.Worker("a").Reports("job-1", Outcome::kPreempted, 70);
  story.Worker("a").Delivers("job-1", 70);
  story.Worker("a").Resumes("job-1", 70, 70);
  EXPECT_EQ(story.AttemptOf("job-1", 2).parent, 1);
}

TEST(Drain, ADrainingWorkerGetsNothingNew) {
  ClusterStory story;
  story.Worker("a").Drains();
  story.Submit(OneJob());
  story.Advance(minutes(1));
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
  EXPECT_EQ(story.WaitsBecause(), "no worker takes new attempts: a is draining");
}

TEST(Drain, WhatALeavingWorkerNeverStartedIsGivenToAnotherAtOnce) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(OneJob());
  story.Worker("b");
  story.Worker("a").Leaves();
  EXPECT_EQ(story.AttemptOf("job-1", 2).worker, "b");
  EXPECT_EQ(story.AttemptOf("job-1", 1).reason, "worker a left before it started");
}

}  // namespace
}  // namespace optfleet::engine
