// opt-worker, opt-shim and the fake trainer as real processes against a coordinator in the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/rundir/layout.h"
#include "common/rundir/process_identity.h"
#include "tests/fake_trainer/loss.h"
#include "tests/worker/app/fake_coordinator.h"
#include "tests/worker/support/run_folder.h"

extern char** environ;

namespace optfleet::worker {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
constexpr const char* kFirst = "sweeps/t/jobs/1/attempts/1";
constexpr const char* kSecond = "sweeps/t/jobs/1/attempts/2";

v1::DesiredAttempt ToRun(const std::string& attempt, const Json& spec, int slot = 0) {
  v1::DesiredAttempt desired;
  desired.set_attempt(attempt);
  desired.mutable_fence()->set_incarnation(1);
  desired.mutable_fence()->set_attempt(attempt.back() - '0');
  desired.set_action(v1::DesiredAttempt::ACTION_RUN);
  desired.add_slots(slot);
  desired.set_spec_json(spec.dump());
  return desired;
}

v1::Forget Forgotten(const v1::DesiredAttempt& attempt) {
  v1::Forget forget;
  forget.set_attempt(attempt.attempt());
  *forget.mutable_fence() = attempt.fence();
  return forget;
}

class WorkerDaemon : public ::testing::Test {
 protected:
  ~WorkerDaemon() override {
    if (pid_ > 0) Kill(SIGKILL);
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root_, error)) {
      const auto started = rundir::ReadStarted(entry.path().string());
      if (!started) continue;
      (void)rundir::SignalTrainer(*started, SIGKILL);
      // Zombies of a killed worker's shims belong to init; what counts is that nothing holds the locks.
      WaitUntil([&] { return !rundir::IsHeld(entry.path().string() + "/shim.lock").value_or(false); });
    }
  }

  void Start(std::vector<std::string> more = {}) {
    std::vector<std::string> command{OPT_WORKER,
                                     "--coordinator-file",
                                     endpoint_,
                                     "--root",
                                     root_,
                                     "--id",
                                     "w1",
                                     "--slots",
                                     "2",
                                     "--trainer",
                                     OPT_FAKE_TRAINER,
                                     "--shim",
                                     OPT_SHIM,
                                     "--log-file",
                                     folder_ / "worker.log",
                                     "--nvml",
                                     "/no/nvml",
                                     "--log-level",
                                     "debug"};
    command.insert(command.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    for (auto& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    ASSERT_EQ(::posix_spawn(&pid_, OPT_WORKER, nullptr, nullptr, arguments.data(), environ), 0);
  }
  // Returns the wait status.
  int Kill(int signal) {
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }

  bool WaitForRecords(const std::string& attempt, size_t count) {
    return WaitUntil([&] { return coordinator_.RecordsOf(attempt).size() >= count; });
  }
  std::optional<v1::AttemptStatus> WaitForEnd(const std::string& attempt) {
    std::optional<v1::AttemptStatus> status;
    WaitUntil([&] {
      status = coordinator_.StatusOf(attempt);
      return status && status->state() == v1::AttemptStatus::STATE_ENDED &&
             static_cast<int64_t>(coordinator_.RecordsOf(attempt).size()) >= status->last_record();
    });
    return status;
  }
  int64_t PidOf(const std::string& attempt) {
    const auto status = coordinator_.StatusOf(attempt);
    return status ? status->trainer_pid() : 0;
  }
  // Records `begin`.. of `attempt` are steps first_step.. of the undisturbed run.
  void ExpectLosses(const std::string& attempt, uint64_t seed, int64_t first_step, int64_t last_step) {
    const auto records = coordinator_.RecordsOf(attempt);
    ASSERT_EQ(static_cast<int64_t>(records.size()), last_step - first_step + 1);
    fake::Training training(seed);
    while (training.step() < first_step - 1) training.Step();
    for (const auto& record : records) {
      const double loss = training.Step();
      EXPECT_EQ(record.step, training.step());
      EXPECT_EQ(record.points.at("loss"), loss);
    }
  }
  std::string Log() { return rundir::ReadWholeFile(folder_ / "worker.log").value_or(""); }

  TemporaryFolder folder_;
  const std::string endpoint_ = folder_ / "endpoint.json";
  const std::string root_ = folder_ / "root";
  FakeCoordinator coordinator_{endpoint_};
  pid_t pid_ = 0;
};

TEST_F(WorkerDaemon, TrainsAndReportsEveryRecordOnce) {
  Start();
  coordinator_.Want(ToRun(kFirst, FakeSpec(300, 0, 7, Json::object())));
  const auto status = WaitForEnd(kFirst);
  ASSERT_TRUE(status) << Log();
  EXPECT_EQ(status->outcome(), v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(status->last_record(), 300);
  EXPECT_GT(status->trainer_pid(), 0);
  ExpectLosses(kFirst, 7, 1, 300);
  EXPECT_EQ(coordinator_.repeats(), 0);
  EXPECT_EQ(coordinator_.Newest().slots_size(), 2);
}

TEST_F(WorkerDaemon, KilledAndStartedAgainTakesItsTrainersBack) {
  Start();
  coordinator_.Want(ToRun(kFirst, FakeSpec(500, 0, 7, {{"step_ms", 3}})));
  coordinator_.Want(ToRun("sweeps/t/jobs/2/attempts/1", FakeSpec(400, 0, 8, {{"step_ms", 3}}), 1));
  for (size_t records : {20, 120, 250}) {
    ASSERT_TRUE(WaitForRecords(kFirst, records)) << Log();
    ASSERT_TRUE(WaitUntil([&] { return PidOf(kFirst) > 0; }));
    const int64_t pid = PidOf(kFirst);
    Kill(SIGKILL);
    Start();
    const size_t before = coordinator_.RecordsOf(kFirst).size();
    ASSERT_TRUE(WaitForRecords(kFirst, before + 5)) << Log();
    EXPECT_EQ(PidOf(kFirst), pid);
  }
  ASSERT_EQ(WaitForEnd(kFirst)->outcome(), v1::OUTCOME_SUCCEEDED) << Log();
  ASSERT_EQ(WaitForEnd("sweeps/t/jobs/2/attempts/1")->outcome(), v1::OUTCOME_SUCCEEDED);
  ExpectLosses(kFirst, 7, 1, 500);
  ExpectLosses("sweeps/t/jobs/2/attempts/1", 8, 1, 400);
}

TEST_F(WorkerDaemon, RecordsThatAreRefusedDoNotHoldThoseOfOtherAttempts) {
  coordinator_.RefuseRecordsOf(kFirst);
  Start();
  coordinator_.Want(ToRun(kFirst, FakeSpec(300, 0, 7, {{"step_ms", 3}})));
  coordinator_.Want(ToRun("sweeps/t/jobs/2/attempts/1", FakeSpec(300, 0, 8, {{"step_ms", 3}}), 1));
  ASSERT_EQ(WaitForEnd("sweeps/t/jobs/2/attempts/1")->outcome(), v1::OUTCOME_SUCCEEDED) << Log();
  ASSERT_TRUE(WaitForRecords("sweeps/t/jobs/2/attempts/1", 300)) << Log();
  EXPECT_TRUE(coordinator_.RecordsOf(kFirst).empty());
  coordinator_.RefuseRecordsOf("");
  ASSERT_TRUE(WaitForRecords(kFirst, 300)) << Log();
  ExpectLosses(kFirst, 7, 1, 300);
}

TEST_F(WorkerDaemon, AnAttemptThatEndedWhileItsWorkerWasDeadIsReported) {
  Start();
  coordinator_.Want(ToRun(kFirst, FakeSpec(60, 0, 7, {{"step_ms", 3}})));
  ASSERT_TRUE(WaitForRecords(kFirst, 1)) << Log();
  Kill(SIGKILL);
  const std::string folder = root_ + "/sweeps-t-jobs-1-attempts-1.1";
  ASSERT_TRUE(WaitUntil([&] { return rundir::ReadExit(folder).has_value(); }));
  Start();
  ASSERT_EQ(WaitForEnd(kFirst)->outcome(), v1::OUTCOME_SUCCEEDED) << Log();
  ExpectLosses(kFirst, 7, 1, 60);
}

TEST_F(WorkerDaemon, FollowsACoordinatorToAnotherPortWithoutLosingARecord) {
  Start();
  coordinator_.Want(ToRun(kFirst, FakeSpec(400, 0, 7, {{"step_ms", 3}})));
  for (size_t records : {10, 100}) {
    ASSERT_TRUE(WaitForRecords(kFirst, records)) << Log();
    coordinator_.Restart();
  }
  ASSERT_EQ(WaitForEnd(kFirst)->outcome(), v1::OUTCOME_SUCCEEDED) << Log();
  ExpectLosses(kFirst, 7, 1, 400);
}

TEST_F(WorkerDaemon, AStoppedAttemptIsContinuedFromItsCheckpoint) {
  Start();
  auto first = ToRun(kFirst, FakeSpec(200, 0, 7, {{"step_ms", 3}}));
  coordinator_.Want(first);
  ASSERT_TRUE(WaitForRecords(kFirst, 30)) << Log();
  first.set_action(v1::DesiredAttempt::ACTION_STOP);
  first.set_stop_outcome(v1::OUTCOME_PREEMPTED);
  first.set_stop_with_checkpoint(true);
  first.set_stop_reason("something more urgent came");
  coordinator_.Want(first);
  const auto stopped = WaitForEnd(kFirst);
  ASSERT_EQ(stopped->outcome(), v1::OUTCOME_PREEMPTED) << Log();
  EXPECT_THAT(stopped->reason(), HasSubstr("more urgent"));
  const int64_t step = stopped->checkpoint_step();
  EXPECT_EQ(step, stopped->last_record());
  auto forget = Forgotten(first);
  forget.set_keep_checkpoints(true);
  coordinator_.Forget(forget);
  auto second = ToRun(kSecond, FakeSpec(200, 0, 7, Json::object()));
  second.set_resume_parent(kFirst);
  *second.mutable_resume_parent_fence() = first.fence();
  coordinator_.Want(second);
  const auto ended = WaitForEnd(kSecond);
  ASSERT_EQ(ended->outcome(), v1::OUTCOME_SUCCEEDED) << Log();
  EXPECT_TRUE(ended->resumed());
  EXPECT_EQ(ended->resume_step(), step);
  EXPECT_EQ(ended->resume_record(), stopped->checkpoint_record());
  ExpectLosses(kSecond, 7, step + 1, 200);
  EXPECT_TRUE(coordinator_.StatusOf(kFirst).has_value()) << "kept for its checkpoints, so it is still named";
  coordinator_.Forget(Forgotten(first));
  EXPECT_TRUE(WaitUntil([&] { return !coordinator_.StatusOf(kFirst); }));
  EXPECT_FALSE(fs::exists(root_ + "/sweeps-t-jobs-1-attempts-1.1"));
}

TEST_F(WorkerDaemon, ADamagedCheckpointIsPassedOver) {
  Start();
  coordinator_.Want(ToRun(kFirst, FakeSpec(100, 10, 7, {{"crash_at_step", 35}, {"damage_checkpoint", 30}})));
  const auto crashed = WaitForEnd(kFirst);
  ASSERT_EQ(crashed->outcome(), v1::OUTCOME_FAILED);
  EXPECT_TRUE(crashed->retryable());
  auto second = ToRun(kSecond, FakeSpec(100, 10, 7, Json::object()));
  second.set_resume_parent(kFirst);
  second.mutable_resume_parent_fence()->set_incarnation(1);
  second.mutable_resume_parent_fence()->set_attempt(1);
  coordinator_.WantNoMore(kFirst);
  coordinator_.Want(second);
  ASSERT_EQ(WaitForEnd(kSecond)->resume_step(), 20) << Log();
  ExpectLosses(kSecond, 7, 21, 100);
  EXPECT_THAT(Log(), HasSubstr("checkpoint.damaged"));
}

TEST_F(WorkerDaemon, AGivenUpAttemptIsKilledBeforeItsSlotIsUsedAgain) {
  Start();
  const auto first = ToRun(kFirst, FakeSpec(100000, 0, 7, {{"hang_at_step", 5}}));
  coordinator_.Want(first);
  ASSERT_TRUE(WaitForRecords(kFirst, 4)) << Log();
  ASSERT_TRUE(WaitUntil([&] { return PidOf(kFirst) > 0; }));
  const auto started = rundir::ReadStarted(root_ + "/sweeps-t-jobs-1-attempts-1.1").value();
  auto forget = Forgotten(first);
  forget.set_kill(true);
  forget.set_reason("attempt 1 was given up, attempt 2 runs on b");
  coordinator_.Want(ToRun(kSecond, FakeSpec(20, 0, 7, Json::object())));
  coordinator_.Forget(forget);
  ASSERT_EQ(WaitForEnd(kSecond)->outcome(), v1::OUTCOME_SUCCEEDED) << Log();
  EXPECT_FALSE(rundir::TrainerExists(started));
  EXPECT_TRUE(WaitUntil([&] { return !fs::exists(root_ + "/sweeps-t-jobs-1-attempts-1.1"); }));
}

TEST_F(WorkerDaemon, ATrainerThatObeysNothingIsKilledAfterTheGraceTimeAndCountsAsCancelled) {
  Start({"--grace", "0.3"});
  auto first = ToRun(kFirst, FakeSpec(1000, 0, 7, {{"hang_at_step", 5}}));
  coordinator_.Want(first);
  ASSERT_TRUE(WaitForRecords(kFirst, 4)) << Log();
  first.set_action(v1::DesiredAttempt::ACTION_STOP);
  first.set_stop_outcome(v1::OUTCOME_CANCELLED);
  first.set_stop_reason("a person cancelled it");
  coordinator_.Want(first);
  const auto ended = WaitForEnd(kFirst);
  EXPECT_EQ(ended->outcome(), v1::OUTCOME_CANCELLED) << Log();
  EXPECT_THAT(ended->reason(), HasSubstr("killed after the grace time"));
}

TEST_F(WorkerDaemon, ADrainStopsReportsAndLeavesNoProcess) {
  Start({"--on-exit", "stop"});
  coordinator_.Want(ToRun(kFirst, FakeSpec(100000, 0, 7, {{"step_ms", 3}})));
  ASSERT_TRUE(WaitForRecords(kFirst, 5)) << Log();
  const int status = Kill(SIGTERM);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const auto last = coordinator_.Newest();
  EXPECT_TRUE(last.leaving());
  EXPECT_TRUE(last.draining());
  ASSERT_EQ(last.attempts_size(), 1);
  EXPECT_EQ(last.attempts(0).outcome(), v1::OUTCOME_PREEMPTED) << Log();
  EXPECT_GT(last.attempts(0).checkpoint_step(), 0);
  EXPECT_EQ(static_cast<int64_t>(coordinator_.RecordsOf(kFirst).size()), last.attempts(0).last_record());
  const auto started = rundir::ReadStarted(root_ + "/sweeps-t-jobs-1-attempts-1.1");
  EXPECT_FALSE(rundir::TrainerExists(*started));
}

TEST_F(WorkerDaemon, LeavesItsTrainersAloneByDefault) {
  Start();
  coordinator_.Want(ToRun(kFirst, FakeSpec(100000, 0, 7, {{"step_ms", 3}})));
  ASSERT_TRUE(WaitForRecords(kFirst, 5)) << Log();
  EXPECT_EQ(WEXITSTATUS(Kill(SIGTERM)), 0);
  EXPECT_TRUE(rundir::TrainerExists(*rundir::ReadStarted(root_ + "/sweeps-t-jobs-1-attempts-1.1")));
}

TEST_F(WorkerDaemon, ARefusalIsSaidOnceAndTrainersGoOn) {
  Start();
  coordinator_.Want(ToRun(kFirst, FakeSpec(100000, 0, 7, {{"step_ms", 3}})));
  ASSERT_TRUE(WaitForRecords(kFirst, 5)) << Log();
  coordinator_.Refuse(
      "this worker speaks version 1 of the worker API, this coordinator 3: install one release");
  ASSERT_TRUE(WaitUntil([&] { return coordinator_.refusals() > 0; }));
  ASSERT_TRUE(WaitForRecords(kFirst, coordinator_.RecordsOf(kFirst).size() + 20));
  EXPECT_EQ(coordinator_.refusals(), 1) << "a refused worker tries again slowly";
  EXPECT_THAT(Log(), HasSubstr("install one release"));
}

}  // namespace
}  // namespace optfleet::worker
