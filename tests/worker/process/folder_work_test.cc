#include "worker/process/folder_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/checksum.h"
#include "common/kept_path.h"
#include "common/rundir/layout.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet::worker {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const AttemptKey kParent{"sweeps/s/jobs/1/attempts/1", {1, 1}};

rundir::JobDocument Child() {
  rundir::JobDocument job;
  job.attempt = "sweeps/s/jobs/1/attempts/2";
  job.fence = {1, 2};
  job.spec = Json::object();
  return job;
}

class FolderWork : public ::testing::Test {
 protected:
  std::string ParentFolder() const { return root_ / "sweeps-s-jobs-1-attempts-1.1"; }
  void Checkpoint(int64_t step, const std::string& written) {
    const std::string path = ParentFolder() + "/checkpoints/" + CheckpointFolder(step);
    fs::create_directories(path);
    ASSERT_TRUE(rundir::WriteFileAtomically(path, "weights", written));
    const rundir::ManifestDocument manifest{"test-1", step, step, {{"weights", 4, Crc32c("good")}}};
    ASSERT_TRUE(rundir::WriteFileAtomically(path, rundir::kManifestFile, rundir::ToJson(manifest).dump()));
  }
  std::vector<std::string> Names(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
    return names;
  }
  TemporaryFolder root_;
};

TEST_F(FolderWork, AFolderAppearsWholeWithNothingBesideIt) {
  const auto prepared = Prepare(root_.path(), Child(), std::nullopt);
  ASSERT_TRUE(prepared);
  EXPECT_THAT(Names(root_.path()), UnorderedElementsAre("sweeps-s-jobs-1-attempts-2.1"));
  EXPECT_THAT(Names(prepared->folder), UnorderedElementsAre("job.json"));
  EXPECT_EQ(rundir::ReadJob(prepared->folder)->attempt, Child().attempt);
  EXPECT_EQ(Prepare(root_.path(), Child(), std::nullopt).error().code(), Code::kAlreadyExists);
}

TEST_F(FolderWork, TheNewestGoodCheckpointOfTheParentIsUsedAndDamageIsNamed) {
  Checkpoint(10, "good");
  Checkpoint(20, "good");
  Checkpoint(30, "baad");
  const auto prepared = Prepare(root_.path(), Child(), kParent);
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->job.resume->step, 20);
  EXPECT_EQ(prepared->job.resume->parent, kParent.attempt);
  EXPECT_THAT(prepared->damaged, SizeIs(1));
  EXPECT_EQ(rundir::ReadJob(prepared->folder)->resume->checkpoint, prepared->job.resume->checkpoint);
}

TEST_F(FolderWork, WithoutAGoodCheckpointTheStartIsFresh) {
  EXPECT_FALSE(Prepare(root_.path(), Child(), kParent)->job.resume.has_value());
}

TEST_F(FolderWork, ASpecThatIsNoObjectIsRefused) {
  auto job = Child();
  job.spec = Json::parse("{", nullptr, false);
  EXPECT_EQ(Prepare(root_.path(), job, std::nullopt).error().code(), Code::kInvalidArgument);
  EXPECT_THAT(Names(root_.path()), IsEmpty());
}

TEST_F(FolderWork, PruningKeepsWhatALaterAttemptNeeds) {
  Checkpoint(10, "good");
  for (const char* name :
       {"job.json", "exit.json", "result.json", "started.json", "metrics.log", "trainer.log", ".tmp-x"})
    ASSERT_TRUE(rundir::WriteFileAtomically(ParentFolder(), name, "{}"));
  fs::create_directories(ParentFolder() + "/checkpoints/.tmp-step-000000000011");
  ASSERT_TRUE(PruneFolder(ParentFolder()));
  EXPECT_THAT(Names(ParentFolder()), UnorderedElementsAre("job.json", "exit.json", "result.json",
                                                          "started.json", "metrics.log", "checkpoints"));
  EXPECT_THAT(Names(ParentFolder() + "/checkpoints"), UnorderedElementsAre("step-000000000010"));
}

TEST_F(FolderWork, RemovingLeavesNothingAndMayBeRepeated) {
  Checkpoint(10, "good");
  ASSERT_TRUE(RemoveFolder(ParentFolder()));
  EXPECT_THAT(Names(root_.path()), IsEmpty());
  EXPECT_TRUE(RemoveFolder(ParentFolder()));
  EXPECT_TRUE(RemoveFolder(""));
}

TEST_F(FolderWork, WhatARunKeepsForGoodOutlivesItsFolder) {
  Checkpoint(10, "good");
  Checkpoint(20, "good");
  ASSERT_TRUE(rundir::WriteKeptSteps(ParentFolder(), {10, 15}));
  ASSERT_TRUE(RemoveFolder(ParentFolder()));
  EXPECT_THAT(Names(root_.path()), UnorderedElementsAre("kept"));
  const std::string shelf = root_.path() + "/kept/sweeps-s-jobs-1-attempts-1.1";
  EXPECT_THAT(Names(shelf), UnorderedElementsAre("step-000000000010"));
  EXPECT_TRUE(rundir::ReadGoodManifest(shelf + "/step-000000000010"));
}

TEST_F(FolderWork, WhereKeptOnesCannotBeMovedNothingIsDeleted) {
  Checkpoint(10, "good");
  ASSERT_TRUE(rundir::WriteKeptSteps(ParentFolder(), {10}));
  ASSERT_TRUE(rundir::WriteFileAtomically(root_.path(), "kept", "a file in the way"));
  EXPECT_FALSE(RemoveFolder(ParentFolder()));
  EXPECT_TRUE(fs::exists(ParentFolder() + "/checkpoints/step-000000000010"));
}

}  // namespace
}  // namespace optfleet::worker
