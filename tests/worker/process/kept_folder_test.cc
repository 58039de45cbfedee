#include "worker/process/kept_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kept_path.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet::worker {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const KeptName kTen{{"sweeps/s/jobs/1/attempts/1", {1, 1}}, 10};
const KeptName kTwenty{{"sweeps/s/jobs/1/attempts/1", {1, 1}}, 20};

class KeptFolderTest : public ::testing::Test {
 protected:
  std::string Shelf() const { return root_ / "kept/sweeps-s-jobs-1-attempts-1.1"; }
  std::string PathOf(int64_t step) const { return Shelf() + "/" + CheckpointFolder(step); }
  void Checkpoint(int64_t step, std::optional<double> val_loss = {}) {
    fs::create_directories(PathOf(step));
    const rundir::ManifestDocument manifest{
        "test-1", step, step, {{"weights", 400, 1}, {"state", 20, 1}}, val_loss};
    ASSERT_TRUE(
        rundir::WriteFileAtomically(PathOf(step), rundir::kManifestFile, rundir::ToJson(manifest).dump()));
  }
  TemporaryFolder root_;
};

TEST_F(KeptFolderTest, TellsWhatIsThere) {
  Checkpoint(10, 2.5);
  Checkpoint(20);
  KeptReader reader(root_.path());
  EXPECT_THAT(reader.Scan(),
              UnorderedElementsAre(KeptCheckpoint{kTen, 2.5, 420}, KeptCheckpoint{kTwenty, {}, 420}));
  fs::remove_all(PathOf(10));
  EXPECT_THAT(reader.Scan(), ElementsAre(KeptCheckpoint{kTwenty, {}, 420}));
}

TEST_F(KeptFolderTest, WhatHasAnotherFormIsNobodysToDelete) {
  fs::create_directories(Shelf() + "/step-000000000030");  // no manifest
  fs::create_directories(Shelf() + "/notes");
  fs::create_directories(root_ / "kept/my-model/step-000000000010");
  Checkpoint(10);
  fs::rename(PathOf(10), PathOf(40));  // not of the step that it says
  EXPECT_THAT(KeptReader(root_.path()).Scan(), IsEmpty());
}

TEST_F(KeptFolderTest, WithoutTheFolderThereIsNothing) {
  EXPECT_THAT(KeptReader(root_.path()).Scan(), IsEmpty());
  EXPECT_TRUE(DeleteKept(root_.path(), kTen));
}

TEST_F(KeptFolderTest, DeletingTakesTheOneAndWithTheLastItsFolder) {
  Checkpoint(10);
  Checkpoint(20);
  ASSERT_TRUE(DeleteKept(root_.path(), kTen));
  EXPECT_FALSE(fs::exists(PathOf(10)));
  EXPECT_TRUE(fs::exists(PathOf(20)));
  ASSERT_TRUE(DeleteKept(root_.path(), kTwenty));
  EXPECT_FALSE(fs::exists(Shelf()));
  EXPECT_TRUE(DeleteKept(root_.path(), kTwenty)) << "may be repeated";
}

TEST_F(KeptFolderTest, WhatACrashLeftHalfDeletedGoes) {
  Checkpoint(10);
  Checkpoint(20);
  fs::rename(PathOf(10), Shelf() + "/.tmp-" + CheckpointFolder(10));
  EXPECT_THAT(KeptReader(root_.path()).Scan(), ElementsAre(KeptCheckpoint{kTwenty, {}, 420}));
  RemoveHalfDeleted(root_.path());
  EXPECT_FALSE(fs::exists(Shelf() + "/.tmp-" + CheckpointFolder(10)));
  EXPECT_TRUE(fs::exists(PathOf(20)));
  // Begun anew by the same process: the remains of the first try are no hindrance.
  fs::create_directories(Shelf() + "/.tmp-" + CheckpointFolder(20) + "/left");
  EXPECT_TRUE(DeleteKept(root_.path(), kTwenty));
  EXPECT_FALSE(fs::exists(Shelf()));
}

TEST_F(KeptFolderTest, ANameNeverLeadsOutOfIt) {
  EXPECT_FALSE(DeleteKept(root_.path(), {{"../../etc", {1, 1}}, 10}));
}

}  // namespace
}  // namespace optfleet::worker
