#include "worker/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/worker/engine/worker_story.h"

namespace optfleet::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Work = FolderWorkDone::Work;

DesiredAttempt WantedOn(const AttemptKey& key, int slot) {
  DesiredAttempt desired;
  desired.key = key;
  desired.slots = {slot};
  desired.spec_json = "{}";
  return desired;
}

DesiredAttempt Stopped(const AttemptKey& key, int slot, Outcome outcome) {
  DesiredAttempt desired = WantedOn(key, slot);
  desired.stop = true;
  desired.stop_outcome = outcome;
  desired.stop_reason = "a person cancelled it";
  desired.stop_with_checkpoint = true;
  return desired;
}

SyncAnswer Wants(std::vector<DesiredAttempt> attempts) {
  SyncAnswer answer;
  answer.attempts = std::move(attempts);
  return answer;
}

SyncAnswer Forgets(WorkerStory& story, const AttemptKey& key, bool kill, bool keep) {
  story.forgettable_.insert(key);
  SyncAnswer answer;
  answer.forget = {{key, kill, keep, "attempt 1 was given up"}};
  return answer;
}

// A story in which job 1 runs on slot 0.
class RunningJob : public ::testing::Test {
 protected:
  RunningJob() {
    story_.Scan();
    story_.Answer(Wants({WantedOn(key_, 0)}));
    story_.LaunchHappens(key_, 0);
    story_.launching_.clear();
    story_.Quiet();
  }
  WorkerStory story_;
  const AttemptKey key_ = Key(1);
};

TEST(WorkerEngine, SaysNothingBeforeItKnowsWhatItHas) {
  WorkerStory story;
  EXPECT_THAT(story.NoAnswer(seconds(0)), IsEmpty());
  EXPECT_THAT(Only<Synchronize>(story.Scan()), SizeIs(1));
}

TEST(WorkerEngine, StartsWhatItShouldHaveAndHasNot) {
  WorkerStory story;
  story.Scan();
  const auto launches = Only<PrepareAndLaunch>(story.Answer(Wants({WantedOn(Key(1), 1)})));
  ASSERT_THAT(launches, SizeIs(1));
  EXPECT_EQ(launches[0].job.attempt, Key(1).attempt);
  EXPECT_EQ(launches[0].job.slot.index, 1);
  EXPECT_EQ(launches[0].job.slot.memory_bytes, 100);
  EXPECT_FALSE(launches[0].parent.has_value());
}

TEST(WorkerEngine, ARepeatedWishStartsNothingTwice) {
  WorkerStory story;
  story.Scan();
  story.Answer(Wants({WantedOn(Key(1), 0)}));
  EXPECT_THAT(Only<PrepareAndLaunch>(story.Answer(Wants({WantedOn(Key(1), 0)}))), IsEmpty());
  story.launching_.clear();
  story.LaunchHappens(Key(1), 0);
  EXPECT_THAT(Only<PrepareAndLaunch>(story.Answer(Wants({WantedOn(Key(1), 0)}))), IsEmpty());
  story.Succeeds(Key(1), 5);
  EXPECT_THAT(Only<PrepareAndLaunch>(story.ScanAfter(seconds(2))), IsEmpty());
}

TEST_F(RunningJob, ASecondAttemptWaitsUntilTheSlotIsFree) {
  EXPECT_THAT(Only<PrepareAndLaunch>(story_.Answer(Wants({WantedOn(key_, 0), WantedOn(Key(2), 0)}))),
              IsEmpty());
  story_.Succeeds(key_, 3);
  const auto launches = Only<PrepareAndLaunch>(story_.Scan());
  ASSERT_THAT(launches, SizeIs(1));
  EXPECT_EQ(launches[0].job.attempt, Key(2).attempt);
}

TEST_F(RunningJob, IsTakenBackByANewWorker) {
  WorkerStory later;
  later.PutFolder(key_, 0);
  later.Runs(key_);
  later.Records(key_, 40);
  const auto effects = later.Scan();
  const auto status = later.StatusOf(key_);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->state, AttemptState::kRunning);
  EXPECT_EQ(status->trainer_pid, 1001);
  EXPECT_EQ(status->slots, std::vector<int32_t>{0});
  EXPECT_THAT(Only<PrepareAndLaunch>(effects), IsEmpty());
  EXPECT_EQ(Only<ReportRecords>(effects).at(0).after, 0);
}

TEST(WorkerEngine, APreparedFolderStartsOnlyWhenItIsWanted) {
  WorkerStory story;
  story.PutFolder(Key(1), 0);
  EXPECT_THAT(Only<Launch>(story.Scan()), IsEmpty());
  EXPECT_THAT(Only<Launch>(story.Answer({})), IsEmpty());
  const auto launches = Only<Launch>(story.Answer(Wants({WantedOn(Key(1), 0)})));
  ASSERT_THAT(launches, SizeIs(1));
  EXPECT_EQ(launches[0].folder, story.Folder(Key(1)).folder);
}

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

TEST(WorkerEngine, AFullDiskAtTheStartIsTriedAgainAndThenTold) {
  WorkerStory story;
  story.Scan();
  story.Answer(Wants({WantedOn(Key(1), 0)}));
  int launches = 1;
  for (int i = 0; i < 10; ++i) {
    story.launching_.clear();
    story.Done(Key(1), Work::kLaunch, "write job.json: No space left on device");
    launches += static_cast<int>(Only<PrepareAndLaunch>(story.ScanAfter(seconds(3))).size());
    story.Answer(Wants({WantedOn(Key(1), 0)}));
  }
  EXPECT_EQ(launches, kMaxLaunches);
  story.ScanAfter(seconds(2));
  EXPECT_THAT(story.StatusOf(Key(1))->reason, HasSubstr("No space left"));
}

TEST(WorkerEngine, ASlotThatIsNotThereIsRefused) {
  WorkerStory story;
  story.Scan();
  story.Answer(Wants({WantedOn(Key(1), 7)}));
  const auto status = story.StatusOf(Key(1));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->state, AttemptState::kEnded);
  EXPECT_FALSE(status->retryable);
  EXPECT_THAT(status->reason, HasSubstr("no slot 7"));
}

TEST_F(RunningJob, RecordsGoOutAtOnceOneBatchAtATime) {
  story_.Records(key_, 3);
  EXPECT_EQ(Only<ReportRecords>(story_.Scan()).at(0).after, 0);
  story_.Records(key_, 8);
  EXPECT_THAT(Only<ReportRecords>(story_.Scan()), IsEmpty());
  EXPECT_EQ(Only<ReportRecords>(story_.Held(key_, 3)).at(0).after, 3);
}

TEST_F(RunningJob, WhatARestartedCoordinatorHoldsIsTheTruth) {
  story_.Records(key_, 100);
  story_.Scan();
  story_.Held(key_, 100);
  story_.Answer({});
  story_.ScanAfter(seconds(2));
  SyncAnswer answer;
  answer.held = {{key_.attempt, 60}};
  EXPECT_EQ(Only<ReportRecords>(story_.Answer(answer)).at(0).after, 60);
}

TEST_F(RunningJob, AnAnswerOlderThanAReportDoesNotTurnTheClockBack) {
  story_.Answer({});
  story_.ScanAfter(seconds(2));  // a synchronise is under way
  story_.Records(key_, 100);
  story_.Scan();
  story_.Held(key_, 100);
  SyncAnswer answer;
  answer.held = {{key_.attempt, 0}};
  EXPECT_THAT(Only<ReportRecords>(story_.Answer(answer)), IsEmpty());
}

TEST_F(RunningJob, ACoordinatorThatTakesNothingIsNotFlooded) {
  story_.Records(key_, 5);
  story_.Scan();
  EXPECT_THAT(Only<ReportRecords>(story_.Held(key_, 0)), IsEmpty());
  EXPECT_THAT(Only<ReportRecords>(story_.ScanAfter(milliseconds(500))), IsEmpty());
  EXPECT_THAT(Only<ReportRecords>(story_.ScanAfter(milliseconds(600))), SizeIs(1));
  EXPECT_THAT(Only<ReportRecords>(story_.Held(key_, std::nullopt)), IsEmpty());
}

TEST_F(RunningJob, AnEndIsToldAtOnceWithFiguresAndTheLastRecord) {
  story_.Answer({});
  story_.Succeeds(key_, 12);
  ASSERT_THAT(Only<Synchronize>(story_.Scan()), SizeIs(1));
  const auto status = story_.StatusOf(key_);
  EXPECT_EQ(status->outcome, Outcome::kSucceeded);
  EXPECT_EQ(status->last_record, 12);
  EXPECT_EQ(status->final.at("val_loss"), 2.0);
}

TEST_F(RunningJob, TheLastHeldRecordIsToldAtOnceSinceTheNextJobWaitsForIt) {
  story_.Answer({});
  story_.Succeeds(key_, 12);
  story_.Scan();
  story_.Answer({});
  EXPECT_THAT(Only<Synchronize>(story_.Held(key_, 12)), SizeIs(1));
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

TEST_F(RunningJob, AVanishedFolderIsAnEndNotAReasonToStartAgain) {
  story_.LoseFolder(key_);
  story_.Scan();
  EXPECT_THAT(Only<PrepareAndLaunch>(story_.Answer(Wants({WantedOn(key_, 0)}))), IsEmpty());
  story_.ScanAfter(seconds(2));
  EXPECT_THAT(story_.StatusOf(key_)->reason, HasSubstr("vanished"));
}

TEST_F(RunningJob, TrainsOnWithoutACoordinatorByDefault) {
  story_.NoAnswer(seconds(1));
  EXPECT_THAT(Only<AskToStop>(story_.ScanAfter(minutes(60))), IsEmpty());
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

TEST_F(RunningJob, ABackOffIsWaitedOutEvenWhenSomethingChanges) {
  story_.NoAnswer(seconds(5));
  story_.Succeeds(key_, 4);
  EXPECT_THAT(Only<Synchronize>(story_.ScanAfter(seconds(4))), IsEmpty());
  EXPECT_THAT(Only<Synchronize>(story_.ScanAfter(seconds(2))), SizeIs(1));
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

TEST_F(RunningJob, TheSummaryCountsSlotsAndBacklog) {
  story_.Records(key_, 10);
  story_.Folder(key_).log_bytes = 1000;
  story_.Scan();
  story_.Held(key_, 4);
  const auto summary = story_.engine().Summarize();
  EXPECT_EQ(summary.slots_used, 1);
  EXPECT_EQ(summary.slots_free, 1);
  EXPECT_EQ(summary.attempts_running, 1);
  EXPECT_EQ(summary.backlog_records, 6);
  EXPECT_EQ(summary.backlog_bytes, 600);
}

}  // namespace
}  // namespace optfleet::worker
