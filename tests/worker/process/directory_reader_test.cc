#include "worker/process/directory_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "common/kept_path.h"
#include "common/rundir/layout.h"
#include "common/rundir/locks.h"
#include "common/rundir/metrics_log.h"
#include "common/rundir/process_identity.h"
#include "tests/rundir/temporary_folder.h"
#include "worker/process/folder_work.h"

namespace optfleet::worker {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Named = std::pair<std::string_view, double>;

class Directories : public ::testing::Test {
 protected:
  Directories() {
    rundir::JobDocument job;
    job.attempt = "sweeps/s/jobs/1/attempts/1";
    job.fence = {1, 1};
    job.spec = Json::object();
    folder_ = Prepare(root_.path(), job, std::nullopt)->folder;
  }
  DirectoryFacts Facts() { return *reader_.Scan().at(0); }
  void Put(const char* name, const Json& json) {
    ASSERT_TRUE(rundir::WriteFileAtomically(folder_, name, json.dump()));
  }
  TemporaryFolder root_;
  std::string folder_;
  DirectoryReader reader_{root_.path()};
};

TEST_F(Directories, AFreshOneIsPrepared) {
  EXPECT_EQ(Conclude(Facts()).state, DirectoryState::kPrepared);
  EXPECT_EQ(Facts().job.attempt, "sweeps/s/jobs/1/attempts/1");
}

TEST_F(Directories, OneOfAnEarlierBootHasEnded) {
  rundir::JobDocument job = Facts().job;
  EXPECT_EQ(job.boot_id, rundir::BootId().value());
  job.boot_id = "an earlier one";
  Put(rundir::kJobFile, rundir::ToJson(job));
  std::ofstream(folder_ + "/started.json") << "{torn";
  EXPECT_EQ(Conclude(*DirectoryReader(root_.path()).Scan().at(0)).state, DirectoryState::kEnded);
  job.boot_id.clear();  // of an older worker
  fs::remove(folder_ + "/started.json");
  Put(rundir::kJobFile, rundir::ToJson(job));
  EXPECT_EQ(Conclude(*DirectoryReader(root_.path()).Scan().at(0)).state, DirectoryState::kPrepared);
}

TEST_F(Directories, LocksRecordsAndCheckpointsAreFollowed) {
  const int lock = rundir::TakeLock(folder_ + "/trainer.lock").value();
  EXPECT_EQ(Conclude(Facts()).state, DirectoryState::kRunning);
  const auto log = rundir::LogWriter::Create(folder_).value();
  for (int step = 1; step <= 3; ++step)
    ASSERT_TRUE(log->Append(step, Time(), std::vector<Named>{{"loss", 1}}));
  EXPECT_EQ(Facts().last_record, 3);
  ASSERT_TRUE(log->Append(4, Time(), std::vector<Named>{{"loss", 1}}));
  EXPECT_EQ(Facts().last_record, 4);
  const std::string checkpoint = folder_ + "/checkpoints/" + CheckpointFolder(4);
  fs::create_directories(checkpoint);
  EXPECT_EQ(Facts().checkpoint_step, 0) << "no manifest yet";
  ASSERT_TRUE(rundir::WriteFileAtomically(checkpoint, "weights", "1234"));
  ASSERT_TRUE(rundir::WriteFileAtomically(
      checkpoint, rundir::kManifestFile,
      rundir::ToJson(rundir::ManifestDocument{"t", 4, 5, {{"weights", 4, 0}}}).dump()));
  EXPECT_EQ(Facts().checkpoint_step, 4);
  EXPECT_EQ(Facts().checkpoint_record, 5);
  ::close(lock);
}

TEST_F(Directories, AnEndBringsTheTailOfTheOutput) {
  std::ofstream(folder_ + "/trainer.log") << std::string(100000, 'x') << "last words\n";
  EXPECT_THAT(Facts().output_tail, IsEmpty());
  Put(rundir::kExitFile, rundir::ToJson(rundir::ExitDocument{}));
  EXPECT_THAT(Facts().output_tail, SizeIs(64 << 10));
  EXPECT_THAT(Facts().output_tail, HasSubstr("last words"));
  EXPECT_EQ(Facts().output_skipped_bytes, 100011 - (64 << 10));
}

TEST_F(Directories, ADamagedLogIsToldWithItsWholeRecords) {
  {
    ASSERT_TRUE(
        rundir::LogWriter::Create(folder_).value()->Append(1, Time(), std::vector<Named>{{"loss", 1}}));
  }
  std::ofstream(folder_ + "/metrics.log", std::ios::app) << std::string("\x02\0\0\0abcdef", 10);
  EXPECT_EQ(Facts().last_record, 1);
  EXPECT_THAT(Facts().log_damage, HasSubstr("wrong checksum"));
}

TEST_F(Directories, ARemovedOneIsGone) {
  Facts();
  ASSERT_TRUE(RemoveFolder(folder_));
  EXPECT_THAT(reader_.Scan(), IsEmpty());
}

TEST_F(Directories, WhatWasNeverFinishedIsRemovedUnlessSomethingLivesThere) {
  fs::create_directories(root_ / "sweeps-a-jobs-1-attempts-1.1");
  fs::create_directories(root_ / "sweeps-b-jobs-1-attempts-1.1");
  fs::create_directories(root_ / ".tmp-sweeps-c-jobs-1-attempts-1.1-77");
  fs::create_directories(root_ / "something else");
  const int lock = rundir::TakeLock(root_ / "sweeps-b-jobs-1-attempts-1.1/trainer.lock").value();
  RemoveUnfinished(root_.path());
  EXPECT_FALSE(fs::exists(root_ / "sweeps-a-jobs-1-attempts-1.1"));
  EXPECT_TRUE(fs::exists(root_ / "sweeps-b-jobs-1-attempts-1.1"));
  EXPECT_FALSE(fs::exists(root_ / ".tmp-sweeps-c-jobs-1-attempts-1.1-77"));
  EXPECT_TRUE(fs::exists(root_ / "something else"));
  EXPECT_TRUE(fs::exists(folder_));
  ::close(lock);
}

}  // namespace
}  // namespace optfleet::worker
