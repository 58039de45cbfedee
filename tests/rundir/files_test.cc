#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/rundir/documents.h"
#include "tests/rundir/temporary_folder.h"

namespace optfleet::rundir {
namespace {

std::vector<std::string> Names(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  return names;
}

TEST(AtomicWrite, ReplacesTheWholeFileAndLeavesNoTemporaryName) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.path(), "a.json", std::string(100000, 'x')));
  ASSERT_TRUE(WriteFileAtomically(folder.path(), "a.json", "short"));
  EXPECT_EQ(ReadWholeFile(folder / "a.json").value(), "short");
  EXPECT_THAT(Names(folder.path()), ::testing::ElementsAre("a.json"));
}

TEST(AtomicWrite, AFolderThatIsNotThereIsNotFound) {
  const TemporaryFolder folder;
  EXPECT_EQ(WriteFileAtomically(folder / "gone", "a.json", "x").error().code(), Code::kNotFound);
  EXPECT_EQ(ReadWholeFile(folder / "gone").error().code(), Code::kNotFound);
}

// Full disk by RLIMIT_FSIZE in a child process (SIGXFSZ ignored): write gives EFBIG in the middle of the
// text.
TEST(AtomicWrite, AFullDiskKeepsTheOldContentAndLeavesNoTemporaryName) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.path(), "a.json", "old"));
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) ::_exit(2);
    ::_exit(WriteFileAtomically(folder.path(), "a.json", std::string(5000, 'x')) ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "the write under the limit should have failed";
  EXPECT_EQ(ReadWholeFile(folder / "a.json").value(), "old");
  EXPECT_THAT(Names(folder.path()), ::testing::ElementsAre("a.json"));
}

}  // namespace
}  // namespace optfleet::rundir
