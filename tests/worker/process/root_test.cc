#include "worker/process/root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/rundir/documents.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet::worker {
namespace {

using ::testing::HasSubstr;

TEST(WorkerRoot, KeepsItsIdOverRestarts) {
  const TemporaryFolder folder;
  EXPECT_EQ(Root::Open(folder / "r", "", "host")->id(), "host");
  EXPECT_EQ(Root::Open(folder / "r", "", "renamed-host")->id(), "host");
  EXPECT_EQ(Root::Open(folder / "s", "gpu01", "host")->id(), "gpu01");
}

TEST(WorkerRoot, ALaterStartHasTheHigherSession) {
  const TemporaryFolder folder;
  const int64_t first = Root::Open(folder / "r", "", "a")->session();
  EXPECT_EQ(Root::Open(folder / "r", "", "a")->session(), first + 1);
  EXPECT_NE(Root::Open(folder / "s", "", "a")->session() >> 32, first >> 32);
  EXPECT_GT(first >> 32, 0);
  EXPECT_EQ(first & 0xffffffff, 1);
}

// As version 0.1 wrote it.
TEST(WorkerRoot, OfAnOlderVersionGetsSessions) {
  const TemporaryFolder folder;
  ASSERT_TRUE(rundir::WriteFileAtomically(folder.path(), "worker.json", R"({"id":"a","version":1})"));
  const int64_t session = Root::Open(folder.path(), "", "")->session();
  EXPECT_EQ(Root::Open(folder.path(), "", "")->session(), session + 1);
}

TEST(WorkerRoot, IsNeverSharedByTwoWorkers) {
  const TemporaryFolder folder;
  const auto first = Root::Open(folder.path(), "", "a");
  const auto second = Root::Open(folder.path(), "", "a");
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), HasSubstr("in use by another worker"));
}

TEST(WorkerRoot, BelongsToOneWorker) {
  const TemporaryFolder folder;
  { const auto first = Root::Open(folder.path(), "a", ""); }
  EXPECT_THAT(Root::Open(folder.path(), "b", "").error().message(), HasSubstr("start it with --id a"));
}

TEST(WorkerRoot, ADamagedStateFileIsNamed) {
  const TemporaryFolder folder;
  ASSERT_TRUE(rundir::WriteFileAtomically(folder.path(), "worker.json", "{"));
  EXPECT_THAT(Root::Open(folder.path(), "", "a").error().message(), HasSubstr("worker.json is damaged"));
}

TEST(WorkerRoot, AFolderThatCannotBeWrittenIsToldWithARemedy) {
  EXPECT_THAT(Root::Open("/proc/optfleet", "", "a").error().message(), HasSubstr("--root"));
  EXPECT_THAT(Root::Open("/proc", "", "a").error().message(), HasSubstr("--root"));
}

TEST(FolderName, NeverLeadsOutOfTheRoot) {
  EXPECT_EQ(FolderName({"sweeps/lr/jobs/17/attempts/2", {3, 2}}).value(), "sweeps-lr-jobs-17-attempts-2.3");
  for (const char* bad : {"", "../../etc", "sweeps/../jobs/1/attempts/1", "sweeps/a/jobs/1"})
    EXPECT_FALSE(FolderName({bad, {1, 1}})) << bad;
}

}  // namespace
}  // namespace optfleet::worker
