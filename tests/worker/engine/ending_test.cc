// Stopping, forgetting, draining.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/worker/engine/wishes.h"

namespace optfleet::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Work = FolderWorkDone::Work;

TEST(WorkerEngine, AShimThatNeverBeginsIsGivenUpAfterThreeTries) {
  WorkerStory story;
  story.PutFolder(Key(1), 0);
  story.Scan();
  story.Answer(Wants({WantedOn(Key(1), 0)}));
  for (int i = 0; i < 10; ++i) {
    story.launching_.clear();
    story.Done(Key(1), Work::kLaunch);
    story.ScanAfter(seconds(2));
    story.Answer(Wants({WantedOn(Key(1), 0)}));
  }
  story.ScanAfter(seconds(2));
  const auto status = story.StatusOf(Key(1));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->state, AttemptState::kEnded);
  EXPECT_TRUE(status->retryable);
  EXPECT_THAT(status->reason, HasSubstr("3 times"));
}

TEST_F(RunningJob, AStopIsAskedForThenSignalledThenForced) {
  const auto stop = Wants({Stopped(key_, 0, Outcome::kCancelled)});
  const auto asks = Only<AskToStop>(story_.Answer(stop));
  ASSERT_THAT(asks, SizeIs(1));
  EXPECT_EQ(asks[0].order.outcome, Outcome::kCancelled);
  EXPECT_TRUE(asks[0].order.checkpoint);
  story_.StopAccepted(key_, false);  // no socket yet
  EXPECT_THAT(Only<AskToStop>(story_.ScanAfter(seconds(1))), SizeIs(1));
  story_.StopAccepted(key_, false);
  const auto politely = Only<SignalTrainer>(story_.ScanAfter(seconds(5)));
  ASSERT_THAT(politely, SizeIs(1));
  EXPECT_EQ(politely[0].signal, SIGTERM);
  const auto forced = Only<SignalTrainer>(story_.ScanAfter(seconds(25)));
  ASSERT_THAT(forced, SizeIs(1));
  EXPECT_EQ(forced[0].signal, SIGKILL);
  EXPECT_EQ(forced[0].trainer.trainer_start_ticks, 5u);
  story_.Exits(key_, 0, SIGKILL);
  story_.ScanAfter(seconds(1));
  story_.Answer(stop);
  story_.ScanAfter(seconds(2));
  EXPECT_EQ(story_.StatusOf(key_)->outcome, Outcome::kCancelled);
  EXPECT_THAT(story_.StatusOf(key_)->reason, HasSubstr("a person cancelled it; "));
}

TEST_F(RunningJob, AnAcceptedStopIsNotSignalledBeforeTheGraceTime) {
  story_.Answer(Wants({Stopped(key_, 0, Outcome::kPreempted)}));
  story_.StopAccepted(key_, true);
  EXPECT_THAT(Only<SignalTrainer>(story_.ScanAfter(seconds(20))), IsEmpty());
  EXPECT_THAT(Only<SignalTrainer>(story_.ScanAfter(seconds(11))), SizeIs(1));
}

TEST_F(RunningJob, ATrainerThatEndedByItselfMeanwhileKeepsItsOwnOutcome) {
  story_.Answer(Wants({Stopped(key_, 0, Outcome::kCancelled)}));
  story_.Succeeds(key_, 9);
  story_.Scan();
  story_.Answer({});
  story_.ScanAfter(seconds(2));
  EXPECT_EQ(story_.StatusOf(key_)->outcome, Outcome::kSucceeded);
}

TEST(WorkerEngine, AStopOfWhatWasNeverStartedEndsIt) {
  WorkerStory story;
  story.Scan();
  story.Answer(Wants({Stopped(Key(1), 0, Outcome::kCancelled)}));
  ASSERT_TRUE(story.StatusOf(Key(1)));
  EXPECT_EQ(story.StatusOf(Key(1))->state, AttemptState::kEnded);
  EXPECT_EQ(story.StatusOf(Key(1))->outcome, Outcome::kCancelled);
}

TEST_F(RunningJob, AForgottenEndIsRemovedOnce) {
  story_.Succeeds(key_, 4);
  story_.Scan();
  story_.Held(key_, 4);
  EXPECT_THAT(Only<Remove>(story_.Answer(Forgets(story_, key_, false, false))), SizeIs(1));
  EXPECT_THAT(Only<Remove>(story_.Answer(Forgets(story_, key_, false, false))), IsEmpty());
  story_.LoseFolder(key_);
  story_.Done(key_, Work::kRemove);
  story_.ScanAfter(seconds(2));
  EXPECT_FALSE(story_.StatusOf(key_));
  EXPECT_THAT(Only<PrepareAndLaunch>(story_.Answer(Wants({WantedOn(key_, 0)}))), IsEmpty());
}

TEST_F(RunningJob, AKeptEndIsPrunedOnceAndStillNamed) {
  story_.Succeeds(key_, 4);
  story_.Scan();
  story_.Held(key_, 4);
  EXPECT_THAT(Only<Prune>(story_.Answer(Forgets(story_, key_, false, true))), SizeIs(1));
  story_.Done(key_, Work::kPrune);
  EXPECT_THAT(Only<Prune>(story_.Answer(Forgets(story_, key_, false, true))), IsEmpty());
  story_.ScanAfter(seconds(2));
  EXPECT_EQ(story_.StatusOf(key_)->state, AttemptState::kEnded);
  EXPECT_THAT(Only<Remove>(story_.Answer(Forgets(story_, key_, false, false))), SizeIs(1));
}

TEST_F(RunningJob, AGivenUpAttemptIsKilledAndItsSlotWaitsForItsEnd) {
  auto answer = Forgets(story_, key_, true, false);
  answer.attempts = {WantedOn(Key(1, 2), 0)};
  auto effects = story_.Answer(answer);
  EXPECT_EQ(Only<SignalTrainer>(effects).at(0).signal, SIGKILL);
  EXPECT_THAT(Only<PrepareAndLaunch>(effects), IsEmpty());
  EXPECT_THAT(Only<Remove>(effects), IsEmpty());
  story_.Exits(key_, 0, SIGKILL);
  effects = story_.Scan();
  EXPECT_THAT(Only<PrepareAndLaunch>(effects), SizeIs(1));
  EXPECT_THAT(Only<Remove>(effects), SizeIs(1));
}

TEST_F(RunningJob, ForgettingWithoutKillingLetsItTrain) {
  const auto effects = story_.Answer(Forgets(story_, key_, false, false));
  EXPECT_THAT(Only<SignalTrainer>(effects), IsEmpty());
  EXPECT_THAT(Only<Remove>(effects), IsEmpty());
}

TEST_F(RunningJob, AParentIsNotRemovedWhileItsChildMayBeLoadingIt) {
  story_.EndsWith(key_, Outcome::kPreempted, 4);
  story_.Scan();
  story_.Held(key_, 4);
  auto child = WantedOn(Key(1, 2), 0);
  child.resume_parent = key_;
  story_.Answer(Wants({child}));
  story_.PutFolder(Key(1, 2), 0);
  story_.Folder(Key(1, 2)).job.resume = rundir::ResumePoint{key_.attempt, "/c", 4, 4};
  story_.Runs(Key(1, 2));
  story_.Done(Key(1, 2), Work::kLaunch);
  story_.Scan();
  EXPECT_THAT(Only<Remove>(story_.Answer(Forgets(story_, key_, false, false))), IsEmpty());
  story_.Records(Key(1, 2), 1);
  EXPECT_THAT(Only<Remove>(story_.Scan()), SizeIs(1));
}

TEST(WorkerEngine, StopsAfterALeaseWithoutContactIfTold) {
  EngineOptions options = TwoSlots();
  options.stop_on_partition = true;
  WorkerStory story(options);
  story.PutFolder(Key(1), 0);
  story.Runs(Key(1));
  story.Scan();
  SyncAnswer answer;
  answer.lease = minutes(2);
  story.Answer(answer);
  story.ScanAfter(seconds(2));
  story.NoAnswer(seconds(1));
  EXPECT_THAT(Only<AskToStop>(story.ScanAfter(seconds(100))), IsEmpty());
  story.NoAnswer(seconds(1));
  const auto asks = Only<AskToStop>(story.ScanAfter(seconds(30)));
  ASSERT_THAT(asks, SizeIs(1));
  EXPECT_EQ(asks[0].order.outcome, Outcome::kPreempted);
  EXPECT_TRUE(asks[0].order.checkpoint);
}

// Simulation, seed 1000193: one answer let go of the parent and asked for the child; the folder was removed
// while the child was prepared from it.
TEST_F(RunningJob, AParentStaysForAChildThatTheSameAnswerAsksFor) {
  story_.EndsWith(key_, Outcome::kPreempted, 5);
  story_.ScanAfter(seconds(1));
  story_.Held(key_, 5);
  SyncAnswer answer = Forgets(story_, key_, false, false);
  DesiredAttempt child = WantedOn(Key(1, 2), 0);
  child.resume_parent = key_;
  answer.attempts = {child};
  const Effects effects = story_.Answer(answer);
  EXPECT_THAT(Only<PrepareAndLaunch>(effects), SizeIs(1));
  EXPECT_THAT(Only<Remove>(effects), IsEmpty());
}

// Simulation, seed 143: the job was cancelled while its second attempt was being started, and the parent was
// removed before the child had read the checkpoint.
TEST_F(RunningJob, AParentStaysForAChildThatIsBeingStartedThoughNobodyWantsItAnyMore) {
  story_.EndsWith(key_, Outcome::kPreempted, 5);
  story_.ScanAfter(seconds(1));
  story_.Held(key_, 5);
  DesiredAttempt child = WantedOn(Key(1, 2), 0);
  child.resume_parent = key_;
  EXPECT_THAT(Only<PrepareAndLaunch>(story_.Answer(Wants({child}))), SizeIs(1));
  story_.ScanAfter(seconds(1));
  EXPECT_THAT(Only<Remove>(story_.Answer(Forgets(story_, key_, false, false))), IsEmpty()) << "on its way";
  story_.Done(Key(1, 2), Work::kLaunch);
  EXPECT_THAT(Only<Remove>(story_.Answer(Forgets(story_, key_, false, false))), IsEmpty()) << "not seen yet";
  story_.PutFolder(Key(1, 2), 0);
  story_.Folder(Key(1, 2)).job.resume = rundir::ResumePoint{key_.attempt, "/c", 5, 5};
  story_.Runs(Key(1, 2));
  EXPECT_THAT(Only<Remove>(story_.Scan()), IsEmpty()) << "it may be loading";
  story_.Exits(Key(1, 2), 0, SIGKILL);
  EXPECT_THAT(Only<Remove>(story_.Scan()), SizeIs(1));
}

TEST_F(RunningJob, ADrainStopsReportsSaysFarewellAndLeaves) {
  story_.Answer(Wants({WantedOn(key_, 0)}));
  const auto asks = Only<AskToStop>(story_.Drain());
  ASSERT_THAT(asks, SizeIs(1));
  EXPECT_EQ(asks[0].order.outcome, Outcome::kPreempted);
  story_.StopAccepted(key_, true);
  story_.EndsWith(key_, Outcome::kPreempted, 7);
  EXPECT_THAT(Only<Leave>(story_.Scan()), IsEmpty());
  story_.Answer(Wants({WantedOn(key_, 0)}));
  story_.ScanAfter(seconds(1));
  EXPECT_TRUE(story_.newest_request()->draining);
  EXPECT_FALSE(story_.newest_request()->leaving) << "its records are not held yet";
  story_.Held(key_, 7);
  story_.Answer({});
  story_.ScanAfter(seconds(1));
  EXPECT_TRUE(story_.newest_request()->leaving);
  EXPECT_THAT(Only<Leave>(story_.Answer({})), SizeIs(1));
}

TEST_F(RunningJob, ADrainWithoutACoordinatorLeavesAfterAShortWait) {
  story_.NoAnswer(seconds(1));
  story_.Drain();
  story_.EndsWith(key_, Outcome::kPreempted, 7);
  EXPECT_THAT(Only<Leave>(story_.ScanAfter(seconds(2))), IsEmpty());
  story_.NoAnswer(seconds(1));
  story_.ScanAfter(seconds(2));
  EXPECT_TRUE(story_.newest_request()->leaving);
  EXPECT_THAT(Only<Leave>(story_.NoAnswer(seconds(1))), SizeIs(1));
}

TEST(WorkerEngine, ADrainingWorkerTakesNothingNew) {
  WorkerStory story;
  story.PutFolder(Key(9), 1);
  story.Runs(Key(9));
  story.Scan();
  story.Drain();
  EXPECT_THAT(Only<PrepareAndLaunch>(story.Answer(Wants({WantedOn(Key(1), 0)}))), IsEmpty());
}

}  // namespace
}  // namespace optfleet::worker
