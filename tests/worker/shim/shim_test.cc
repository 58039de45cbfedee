// opt-shim as a real process, with the fake trainer.
#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "common/rundir/metrics_log.h"
#include "tests/fake_trainer/loss.h"
#include "tests/worker/support/run_folder.h"

namespace optfleet::worker {
namespace {

using ::testing::HasSubstr;

class Shim : public ::testing::Test {
 protected:
  RunFolder run_{OPT_SHIM, OPT_FAKE_TRAINER};
};

std::set<std::string> OpenFiles(int64_t pid) {
  std::set<std::string> files;
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    files.insert(std::filesystem::read_symlink(entry.path(), error).string());
  return files;
}

int64_t SessionOf(int64_t pid) { return ::getsid(static_cast<pid_t>(pid)); }

// Reads the whole log of an attempt and compares each record with the loss of an undisturbed run.
int64_t CheckLosses(const std::string& folder, uint64_t seed) {
  rundir::LogReader log(folder + "/" + rundir::kMetricsLog);
  fake::Training training(seed);
  const auto records = log.Read(1'000'000);
  if (!records) return -1;
  for (const auto& record : *records) {
    EXPECT_EQ(record.points.at(0).value, training.Step());
    EXPECT_EQ(record.step, training.step());
  }
  return static_cast<int64_t>(records->size());
}

TEST_F(Shim, RecordsACleanEnd) {
  ASSERT_TRUE(run_.Start(FakeSpec(20, 0, 7, Json::object())));
  ASSERT_TRUE(run_.WaitForEnd());
  const auto facts = run_.Facts();
  EXPECT_EQ(run_.Now().outcome, Outcome::kSucceeded);
  EXPECT_EQ(facts.exit->code, 0);
  EXPECT_EQ(facts.exit->signal, 0);
  EXPECT_GT(facts.exit->peak_rss_bytes, 0);
  EXPECT_GT(facts.exit->wall_seconds, 0);
  EXPECT_EQ(facts.last_record, 20);
  EXPECT_EQ(CheckLosses(run_.folder(), 7), 20);
}

TEST_F(Shim, RecordsTheSignalThatKilledTheTrainer) {
  ASSERT_TRUE(run_.Start(FakeSpec(1000, 0, 7, {{"crash_at_step", 5}, {"crash_signal", SIGSEGV}})));
  ASSERT_TRUE(run_.WaitForEnd());
  EXPECT_EQ(run_.Facts().exit->signal, SIGSEGV);
  EXPECT_THAT(run_.Now().reason, HasSubstr("SIGSEGV"));
  EXPECT_TRUE(run_.Now().retryable);
  EXPECT_EQ(run_.Facts().last_record, 4);
}

TEST_F(Shim, RecordsTheCodeAndQuotesTheLastWords) {
  ASSERT_TRUE(run_.Start(FakeSpec(1000, 0, 7, {{"exit_at_step", 3}, {"exit_code", 2}})));
  ASSERT_TRUE(run_.WaitForEnd());
  EXPECT_EQ(run_.Facts().exit->code, 2);
  EXPECT_THAT(run_.Now().reason, HasSubstr("giving up at step 3"));
  EXPECT_FALSE(run_.Now().retryable);
}

TEST_F(Shim, ATrainerThatCannotBeStartedIsToldInTrainerLog) {
  RunFolder run(OPT_SHIM, "/no/such/trainer");
  ASSERT_TRUE(run.Start(FakeSpec(1, 0, 7, Json::object())));
  ASSERT_TRUE(run.WaitForEnd());
  EXPECT_EQ(run.Facts().exit->code, rundir::kExitExecFailed);
  EXPECT_THAT(run.Now().reason, HasSubstr("/no/such/trainer"));
  EXPECT_FALSE(run.Now().retryable);
}

TEST_F(Shim, OnlyTheTrainersLockCrossesTheExec) {
  const int stray = ::open("/etc/hostname", O_RDONLY);  // not close-on-exec: somebody was careless
  ASSERT_TRUE(run_.Start(FakeSpec(100000, 0, 7, {{"step_ms", 5}})));
  ASSERT_TRUE(run_.WaitForRecord(1));
  ::close(stray);
  const auto started = run_.WaitForStart();
  const auto trainer = OpenFiles(started.trainer_pid), shim = OpenFiles(started.shim_pid);
  EXPECT_TRUE(trainer.contains(run_.folder() + "/trainer.lock"));
  EXPECT_FALSE(trainer.contains(run_.folder() + "/shim.lock"));
  EXPECT_TRUE(trainer.contains("/dev/null"));
  EXPECT_TRUE(shim.contains(run_.folder() + "/shim.lock"));
  EXPECT_FALSE(shim.contains(run_.folder() + "/trainer.lock"));
  for (const auto& files : {trainer, shim}) EXPECT_FALSE(files.contains("/etc/hostname"));
}

TEST_F(Shim, LivesInASessionOfItsOwnAndIsDeafToPoliteSignals) {
  ASSERT_TRUE(run_.Start(FakeSpec(100000, 0, 7, {{"step_ms", 5}})));
  ASSERT_TRUE(run_.WaitForRecord(1));
  const auto started = run_.WaitForStart();
  EXPECT_EQ(SessionOf(started.shim_pid), started.shim_pid);
  EXPECT_EQ(SessionOf(started.trainer_pid), started.trainer_pid);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::kill(static_cast<pid_t>(started.shim_pid), signal);
  ASSERT_TRUE(rundir::SignalTrainer(started, SIGTERM));
  ASSERT_TRUE(run_.WaitForEnd());
  EXPECT_TRUE(run_.Facts().exit.has_value()) << "the shim did not live to write exit.json";
  EXPECT_EQ(run_.Now().outcome, Outcome::kPreempted);
}

TEST_F(Shim, AnAttemptIsNeverLaunchedTwice) {
  ASSERT_TRUE(run_.Start(FakeSpec(100000, 0, 7, {{"step_ms", 5}})));
  EXPECT_EQ(run_.Launch().error().code(), Code::kFailedPrecondition);
  const auto started = run_.WaitForStart();
  ::kill(static_cast<pid_t>(started.shim_pid), SIGKILL);
  ASSERT_TRUE(WaitUntil([&] { return !run_.Facts().shim_held; }));
  // shim.lock is free now, but the trainer lives: a second shim has to step back and to leave everything as
  // it is.
  ASSERT_TRUE(run_.Launch());
  ASSERT_TRUE(WaitUntil([&] { return !run_.Facts().shim_held; }));
  EXPECT_EQ(run_.Now().state, DirectoryState::kRunning);
  EXPECT_FALSE(run_.Facts().exit.has_value());
  EXPECT_EQ(run_.WaitForStart().trainer_pid, started.trainer_pid);
}

TEST_F(Shim, WhatATrainerLeavesBehindIsKilled) {
  RunFolder run(LaunchOptions{
      OPT_SHIM, {"/bin/sh", "-c", "sleep 1000 & echo $! > child.pid; wait"}, {"PATH=/bin:/usr/bin"}});
  ASSERT_TRUE(run.Start(FakeSpec(1, 0, 7, Json::object())));
  const std::string file = run.WaitForStart().boot_id.empty() ? "" : run.folder() + "/child.pid";
  ASSERT_TRUE(WaitUntil([&] { return rundir::ReadWholeFile(file).value_or("").ends_with("\n"); }));
  const int64_t child = std::stoll(rundir::ReadWholeFile(file).value());
  ::kill(static_cast<pid_t>(run.WaitForStart().trainer_pid), SIGKILL);
  ASSERT_TRUE(run.WaitForEnd());
  EXPECT_TRUE(WaitUntil([&] {
    const auto stat = rundir::ReadWholeFile("/proc/" + std::to_string(child) + "/stat");
    return !stat || stat->find(") Z ") != std::string::npos;
  }));
}

// A tmpfs of some pages that is full when the trainer ends; needs the right to mount.
TEST_F(Shim, WritesExitJsonAsSoonAsAFullDiskHasRoom) {
  TemporaryFolder disk;
  if (::mount("none", disk.path().c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "may not mount a tmpfs";
  {
    rundir::JobDocument job;
    job.attempt = "sweeps/t/jobs/1/attempts/1";
    job.fence = {1, 1};
    job.spec = FakeSpec(100000, 0, 7, {{"step_ms", 2}, {"no_socket", true}});
    const auto prepared = Prepare(disk.path(), job, std::nullopt);
    ASSERT_TRUE(prepared);
    Launcher launcher({OPT_SHIM, {OPT_FAKE_TRAINER}, {}});
    ASSERT_TRUE(launcher.Launch(prepared->folder, {}));
    DirectoryReader reader(disk.path());
    const auto facts = [&] { return *reader.Scan().at(0); };
    ASSERT_TRUE(WaitUntil([&] { return facts().last_record >= 3; }));
    const std::string hog = disk / "hog";
    {
      std::ofstream file(hog, std::ios::binary);
      file << std::string(1 << 20, 'x') << std::flush;
    }
    // The trainer meets the full disk and fails; so does the shim's first try.
    ASSERT_TRUE(WaitUntil([&] { return !facts().trainer_held; }));
    EXPECT_EQ(Conclude(facts()).state, DirectoryState::kStarting) << "the shim must still be trying";
    EXPECT_FALSE(facts().exit.has_value());
    std::filesystem::remove(hog);
    EXPECT_TRUE(WaitUntil([&] { return facts().exit.has_value(); }));
    EXPECT_EQ(Conclude(facts()).state, DirectoryState::kEnded);
    EXPECT_GE(facts().last_record, 3);
    EXPECT_EQ(CheckLosses(prepared->folder, 7), facts().last_record);
    ASSERT_TRUE(WaitUntil(
        [&] { return !facts().shim_held || !rundir::IsHeld(prepared->folder + "/shim.lock").value(); }));
    launcher.Reap();
  }
  ::umount(disk.path().c_str());
}

enum class Victim { kShim, kTrainer, kBoth };

// kill -9 at random moments, each checked against the state table of docs/run-directory.md.
TEST(ShimKills, TheStateTableHoldsAtAnyMoment) {
  const char* given = std::getenv("OPTFLEET_SEED");
  const uint64_t seed = given ? std::stoull(given) : 20240117;
  SCOPED_TRACE("OPTFLEET_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 25; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    RunFolder run(OPT_SHIM, OPT_FAKE_TRAINER);
    const auto victim = static_cast<Victim>(random() % 3);
    ASSERT_TRUE(run.Start(FakeSpec(30, 5, round, {{"step_ms", 1}, {"checkpoint_ms", 4}})));
    const auto moment = std::chrono::microseconds(random() % 60000);
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < moment) std::this_thread::yield();
    const auto started = rundir::ReadStarted(run.folder());
    if (started) {
      const bool shim_lived = run.Facts().shim_held;
      if (victim != Victim::kTrainer && shim_lived) ::kill(static_cast<pid_t>(started->shim_pid), SIGKILL);
      if (victim != Victim::kShim) (void)rundir::SignalTrainer(*started, SIGKILL);
    }
    ASSERT_TRUE(run.WaitForEnd());
    const auto facts = run.Facts();
    const auto end = run.Now();
    EXPECT_EQ(CheckLosses(run.folder(), static_cast<uint64_t>(round)), facts.last_record);
    if (end.by_result) {
      EXPECT_EQ(end.outcome, Outcome::kSucceeded);
      EXPECT_EQ(facts.last_record, 30);
    } else {
      EXPECT_EQ(end.outcome, Outcome::kFailed);
      EXPECT_TRUE(end.retryable) << end.reason;
      // Killed between started.json and the gate, the shim takes a child with it that has not begun to train.
      EXPECT_TRUE(victim != Victim::kShim || facts.last_record == 0)
          << "a killed shim must not harm its trainer: " << end.reason;
    }
    for (const auto& checkpoint : rundir::GoodCheckpoints(run.folder(), nullptr))
      EXPECT_LE(checkpoint.manifest.record, facts.last_record) << "a checkpoint came before its records";
    std::vector<std::string> damaged;
    rundir::GoodCheckpoints(run.folder(), &damaged);
    EXPECT_THAT(damaged, ::testing::IsEmpty());
  }
}

}  // namespace
}  // namespace optfleet::worker
