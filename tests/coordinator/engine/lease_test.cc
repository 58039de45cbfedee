// Leases, fences and silent workers.
#include "tests/coordinator/engine/cluster_story.h"

namespace optfleet::engine {
namespace {

using domain::JobState;
using domain::WorkerState;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(Lease, LateReportOfAFencedAttemptIsRefused) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Partition("a");
  story.AdvancePast(story.lease());
  story.Worker("b").Takes("job-1");
  story.Heal("a");

  story.Worker("a").Synchronizes();
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);  // b's
  EXPECT_EQ(story.AttemptOf("job-1", 1).outcome, Outcome::kLost);
  EXPECT_EQ(story.AttemptOf("job-1", 2).worker, "b");
  EXPECT_FALSE(story.Worker("a").Names("job-1"));
}

TEST(Lease, AFencedAttemptIsToldWhoRunsNow) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Partition("a");
  story.AdvancePast(story.lease());
  story.Worker("b").Takes("job-1");

  story.Heal("a");

  EXPECT_THAT(story.AnswerTo("a"), AsksToStop("attempt 1 was given up at 00:10:00, attempt 2 runs on b"));
}

TEST(Lease, SilenceShorterThanALeaseChangesOnlyWhatIsShown) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Partition("a");
  story.Advance(minutes(9));
  EXPECT_EQ(story.engine().state().workers.at("a").row.state, WorkerState::kUnreachable);
  story.Heal("a");
  EXPECT_EQ(story.engine().state().workers.at("a").row.state, WorkerState::kReady);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
  EXPECT_EQ(story.AttemptOf("job-1", 1).outcome, std::nullopt);
}

TEST(Lease, AWorkerThatSpeaksKeepsItsAttemptForever) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Advance(minutes(35));
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
  EXPECT_EQ(story.AttemptOf("job-1", 1).fence, (Fence{1, 1}));
}

TEST(Lease, AStartedCoordinatorGrantsAFullLease) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Partition("a");
  story.Advance(minutes(9));
  story.RestartCoordinator();
  story.Advance(minutes(9));
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
  story.Advance(minutes(2));
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
  EXPECT_THAT(story.ReasonOf("job-1"), HasSubstr("attempt 1 was lost: worker a was not heard of for"));
}

TEST(Lease, ACoordinatorThatSleptBlamesNobody) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Give(Tick{});
  // The next thing this engine sees is a tick one hour late, with the worker's messages still in the socket.
  Engine& engine = const_cast<Engine&>(story.engine());
  engine.Handle(Tick{}, story.now() + std::chrono::hours(1));
  EXPECT_EQ(engine.state().jobs.begin()->second.row.status.state, JobState::kRunning);
  engine.Handle(Tick{}, story.now() + std::chrono::hours(1) + seconds(4));
  EXPECT_EQ(engine.state().workers.at("a").row.state, WorkerState::kUnreachable);
}

TEST(Lease, AnAttemptThatIsNeverStartedIsGivenToAnother) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(OneJob());  // given to a, which never names it
  story.Advance(minutes(9));
  EXPECT_EQ(story.StateOf("job-1"), JobState::kAssigned);
  story.Advance(minutes(2));
  EXPECT_EQ(story.AttemptOf("job-1", 1).reason, "worker a did not start it");
  EXPECT_EQ(story.AttemptOf("job-1", 2).fence, (Fence{1, 2}));
}

TEST(Lease, AVanishedRunDirectoryIsNoticedWithinSeconds) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Loses("job-1");
  story.Advance(seconds(2));
  EXPECT_FALSE(story.Worker("a").Desired("job-1").has_value());  // not begun again under the same fence
  story.Advance(seconds(2));
  EXPECT_EQ(story.AttemptOf("job-1", 1).reason, "worker a no longer has it");
  EXPECT_EQ(story.StateOf("job-1"), JobState::kAssigned);
}

TEST(Lease, AnOlderProcessOfAWorkerIsRefused) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  const Synchronize old = Hello("a", 1, 1000);
  story.Worker("a").Restarts();
  const Answer answer = story.Give(old);
  ASSERT_TRUE(std::holds_alternative<Error>(answer));
  EXPECT_EQ(std::get<Error>(answer).code(), Code::kFailedPrecondition);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
}

// Simulation, seed 2000158: it was under way while its successor started, and was taken for the newer.
TEST(Lease, AnOlderProcessThatWasNeverHeardIsRefused) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  const Synchronize never_heard = Hello("a", 2, 1);
  story.Worker("a").Restarts();
  story.Worker("a").Restarts();
  const Answer answer = story.Give(never_heard);
  ASSERT_TRUE(std::holds_alternative<Error>(answer));
  EXPECT_EQ(std::get<Error>(answer).code(), Code::kFailedPrecondition);
  story.Worker("a").Synchronizes();
  EXPECT_EQ(story.StateOf("job-1"), JobState::kRunning);
}

// Simulation, seed 5003555: a worker saw its checkpoint before its first record, and the parent was let go of
// with records that the series needs.
TEST(Lease, RecordsOfAParentStayUntilItsChildHasSaidWhereItBegan) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 8, 8);
  story.Worker("a").Reports("job-1", Outcome::kPreempted, 8);
  story.Worker("a").Delivers("job-1", 8);
  story.Worker("a").Synchronizes();
  ASSERT_EQ(story.StateOf("job-1"), JobState::kAssigned);
  story.ThrowMetricsAway();
  story.RestartCoordinator();
  story.Worker("a").HasCheckpointed("job-1", 12, 4);
  EXPECT_FALSE(story.Worker("a").Forgotten("job-1").has_value());
}

TEST(Lease, AProcessOfAnotherRootReplacesOne) {
  constexpr int64_t kRoot = int64_t{1} << 32;
  ClusterStory story;
  story.Submit(OneJob());
  EXPECT_TRUE(std::holds_alternative<SynchronizeAnswer>(story.Give(Hello("a", 7 * kRoot + 5, 1))));
  EXPECT_TRUE(std::holds_alternative<SynchronizeAnswer>(story.Give(Hello("a", 3 * kRoot + 1, 1))));
  EXPECT_TRUE(std::holds_alternative<Error>(story.Give(Hello("a", 7 * kRoot + 5, 2))));
  EXPECT_EQ(story.engine().state().workers.at("a").row.session, 3 * kRoot + 1);
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);  // the worker has no slots
}

TEST(Lease, AnOvertakenMessageChangesNothing) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  const Synchronize overtaken = Hello("a", 1, 1);  // from before it had the attempt, and with no slots
  story.Give(overtaken);
  EXPECT_EQ(story.engine().state().workers.at("a").row.slots.size(), 1U);
  story.Advance(seconds(30));
  EXPECT_EQ(story.AttemptOf("job-1", 1).outcome, std::nullopt);
}

TEST(Lease, AttemptsOfAStrangeDatabaseAreLeftAlone) {
  ClusterStory story;
  Synchronize says = Hello("a", 1, 1);
  says.slots.push_back(CpuSlot(0));
  says.attempts.push_back(Running("elsewhere", 3, {7, 1}));
  story.Submit(OneJob());
  const auto answer = std::get<SynchronizeAnswer>(story.Give(says));
  EXPECT_TRUE(answer.forget.empty());
  EXPECT_TRUE(answer.attempts.empty());  // its slot is occupied
  EXPECT_EQ(story.WaitsBecause(), "the only slot is taken");
}

// Simulation, seed 2: the backup was older than the sweep; its attempt kept its slot for ever.
TEST(Lease, AttemptsOfASweepThatARestoredBackupDoesNotKnowAreEnded) {
  ClusterStory story;
  story.Submit(OneJob());
  Synchronize says = Hello("a", 1, 1);
  says.attempts.push_back(Running("forgotten", 3, {1, 1}));
  const auto answer = std::get<SynchronizeAnswer>(story.Give(says));
  EXPECT_THAT(answer, AsksToStop("the database was restored from a backup that is older than its sweep"));
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
}

TEST(Lease, AttemptsFromBeforeARestoredBackupAreEnded) {
  ClusterStory story;
  story.Submit(OneJob());
  Synchronize says = Hello("a", 1, 1);
  says.attempts.push_back(Running("lr", 1, {0, 7}));
  const auto answer = std::get<SynchronizeAnswer>(story.Give(says));
  EXPECT_THAT(
      answer,
      AsksToStop("it was given out by database incarnation 0, of which incarnation 1 does not know it"));
  EXPECT_EQ(story.StateOf("job-1"), JobState::kQueued);
}

// Simulation, seed 574: the old attempt's records went with its folder, and the new one waited for them for
// ever.
TEST(Lease, WhatANewerAttemptGoesOnFromStaysWhenTheOldOneIsEnded) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a", 2).Takes("job-1");
  story.Worker("a").Checkpoints("job-1", 10, 10);
  const AttemptStatus old = Running("lr", 1, {1, 1});
  story.Partition("a");
  story.AdvancePast(story.lease());
  story.Heal(
      "a");  // asked to stop with a checkpoint; a second slot is free, so the next attempt starts at once
  ASSERT_EQ(story.AttemptOf("job-1", 2).resume_attempt, 1);

  Synchronize says = Hello("a", 1, 100000);
  says.slots = {CpuSlot(0), CpuSlot(1)};
  says.attempts.push_back(old);
  const auto answer = std::get<SynchronizeAnswer>(story.Give(says));
  ASSERT_EQ(answer.forget.size(), 1U);
  EXPECT_TRUE(answer.forget[0].kill);
  EXPECT_TRUE(answer.forget[0].keep_checkpoints);
}

// Simulation, seed 1000261: its sweep was paused, so that it waited on, and each start under a clock that had
// been set back began its back-off again.
TEST(Clock, ABackoffThatEndedIsOverAfterARestart) {
  ClusterStory story;
  story.Worker("a", 1);
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kFailed);
  story.Give(
      PauseSweep{.request_id = "", .sweep_id = "lr", .pause = domain::Pause::kKeepRunning, .reason = ""});
  story.Advance(minutes(5));
  story.SetClock(-minutes(200));
  story.RestartCoordinator();
  story.Give(PauseSweep{.request_id = "", .sweep_id = "lr", .pause = domain::Pause::kNo, .reason = ""});
  story.Worker("a").Synchronizes();
  EXPECT_TRUE(story.Worker("a").Desired("job-1").has_value()) << "its back-off was over";
}

// Simulation, seed 1000351: the clock was set back by hours and a back-off lasted as long.
TEST(Clock, SetBackItDelaysNoBackOffAndNoLease) {
  ClusterStory story;
  story.Advance(minutes(300));
  story.Submit(Jobs(2));
  story.Worker("a").Takes("job-1");
  story.Worker("b").Takes("job-2");
  story.Worker("a").Reports("job-1", Outcome::kFailed);
  story.Partition("b");

  story.SetClock(-minutes(200));
  story.Advance(minutes(1));
  EXPECT_TRUE(story.Worker("a").Desired("job-1").has_value()) << "its back-off was a second";
  story.AdvancePast(story.lease());
  EXPECT_EQ(story.AttemptOf("job-2", 1).outcome, Outcome::kLost);
}

TEST(Clock, SetBackOverARestartItDelaysNoBackOff) {
  ClusterStory story;
  story.Advance(minutes(300));
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.Worker("a").Reports("job-1", Outcome::kFailed);
  story.SetClock(-minutes(200));
  story.RestartCoordinator();
  story.Advance(minutes(2));
  EXPECT_TRUE(story.Worker("a").Desired("job-1").has_value());
}

TEST(Clock, SetForwardItEndsNoLease) {
  ClusterStory story;
  story.Submit(OneJob());
  story.Worker("a").Takes("job-1");
  story.SetClock(minutes(200));
  story.Advance(minutes(1));
  EXPECT_EQ(story.AttemptOf("job-1", 1).outcome, std::nullopt);
}

// Simulation, seed 3000151: a backup was restored in which the attempt had just been given out. The history
// that was undone had run it to its end; begun again under the same fence, its records and those of before
// got mixed.
TEST(Lease, WhatWasGivenOutBeforeARestoreIsNotBegunAgain) {
  ClusterStory story;
  story.Worker("a");
  story.Submit(OneJob());
  story.Worker("a").Synchronizes();
  EXPECT_EQ(story.StateOf("job-1"), JobState::kAssigned);
  story.RestartCoordinator(1);
  story.Worker("a").Synchronizes();
  EXPECT_FALSE(story.Worker("a").Desired("job-1").has_value());
  story.AdvancePast(std::chrono::seconds(4));
  const auto again = story.Worker("a").Desired("job-1");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->fence, (Fence{story.engine().state().incarnation, 2}));
}

}  // namespace
}  // namespace optfleet::engine
