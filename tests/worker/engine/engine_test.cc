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
  EXPECT_EQ(Only<ReportRecords>(effects).at(0).attempts.at(0).after, 0);
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
  EXPECT_EQ(Only<ReportRecords>(story_.Scan()).at(0).attempts.at(0).after, 0);
  story_.Records(key_, 8);
  EXPECT_THAT(Only<ReportRecords>(story_.Scan()), IsEmpty());
  EXPECT_EQ(Only<ReportRecords>(story_.Held(key_, 3)).at(0).attempts.at(0).after, 3);
}

class TwoRunningJobs : public RunningJob {
 protected:
  TwoRunningJobs() {
    story_.Answer(Wants({WantedOn(key_, 0), WantedOn(other_, 1)}));
    story_.LaunchHappens(other_, 1);
    story_.launching_.clear();
    story_.Quiet();
    story_.Advance(seconds(1));
  }
  const AttemptKey other_ = Key(2);
};

TEST_F(TwoRunningJobs, RecordsOfAllThatHaveSomeGoInOneCall) {
  story_.Records(key_, 3);
  story_.Records(other_, 5);
  const auto reports = Only<ReportRecords>(story_.Scan());
  ASSERT_THAT(reports, SizeIs(1));
  ASSERT_THAT(reports[0].attempts, SizeIs(2));
  EXPECT_EQ(reports[0].attempts[1].key, other_);
  story_.Held(key_, 3);
  story_.Held(other_, 5);
}

TEST_F(TwoRunningJobs, EachAtItsOwnMomentIsCollectedForAMoment) {
  story_.Records(key_, 3);
  EXPECT_THAT(Only<ReportRecords>(story_.Scan()), SizeIs(1));
  story_.Records(other_, 5);
  EXPECT_THAT(Only<ReportRecords>(story_.ScanAfter(milliseconds(20))), IsEmpty());
  const auto reports = Only<ReportRecords>(story_.ScanAfter(milliseconds(30)));
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_THAT(reports[0].attempts, SizeIs(1)) << "the first report is under way";
}

TEST_F(TwoRunningJobs, WhatAnOutcomeWaitsForOrIsFarBehindGoesAtOnce) {
  story_.Records(key_, 3);
  EXPECT_THAT(Only<ReportRecords>(story_.Scan()), SizeIs(1));
  story_.Succeeds(other_, 5);
  EXPECT_THAT(Only<ReportRecords>(story_.Scan()), SizeIs(1));
  story_.Held(other_, 5);
  story_.Held(key_, 3);
  story_.Records(key_, 1003);
  EXPECT_THAT(Only<ReportRecords>(story_.Scan()), SizeIs(1));
}

TEST_F(RunningJob, WhatARestartedCoordinatorHoldsIsTheTruth) {
  story_.Records(key_, 100);
  story_.Scan();
  story_.Held(key_, 100);
  story_.Answer({});
  story_.ScanAfter(seconds(2));
  SyncAnswer answer;
  answer.held = {{key_.attempt, 60}};
  EXPECT_EQ(Only<ReportRecords>(story_.Answer(answer)).at(0).attempts.at(0).after, 60);
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

TEST_F(RunningJob, ABackOffIsWaitedOutEvenWhenSomethingChanges) {
  story_.NoAnswer(seconds(5));
  story_.Succeeds(key_, 4);
  EXPECT_THAT(Only<Synchronize>(story_.ScanAfter(seconds(4))), IsEmpty());
  EXPECT_THAT(Only<Synchronize>(story_.ScanAfter(seconds(2))), SizeIs(1));
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
