#include "common/rundir/locks.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/rundir/temporary_folder.h"

namespace optfleet::rundir {
namespace {

class Locks : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string path_ = folder_ / "x.lock";
};

TEST_F(Locks, AreHeldUntilTheDescriptorIsClosed) {
  EXPECT_FALSE(IsHeld(path_).value());
  const int descriptor = TakeLock(path_).value();
  EXPECT_TRUE(IsHeld(path_).value());
  EXPECT_EQ(TakeLock(path_).error().code(), Code::kFailedPrecondition);
  ::close(descriptor);
  EXPECT_FALSE(IsHeld(path_).value());
}

TEST_F(Locks, AProbeDoesNotKeepTheLock) {
  ::close(TakeLock(path_).value());
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(IsHeld(path_).value());
  EXPECT_TRUE(TakeLock(path_));
}

TEST_F(Locks, DoNotCrossAnExecUnlessTold) {
  const int descriptor = TakeLock(path_).value();
  EXPECT_NE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_TRUE(KeepOverExec(descriptor));
  EXPECT_EQ(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
  ::close(descriptor);
}

// parent (takes the lock) -> child that execs `sleep`; the parent is killed with -9, then the child.
TEST_F(Locks, SurviveTheDeathOfTheParentOverForkAndExec) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const int lock = TakeLock(path_).value();
    const pid_t child = ::fork();
    if (child == 0) {
      if (!KeepOverExec(lock)) ::_exit(1);
      ::execlp("sleep", "sleep", "1000", static_cast<char*>(nullptr));
      ::_exit(1);
    }
    ::close(lock);
    if (::write(pipe_ends[1], &child, sizeof child) != sizeof child) ::_exit(1);
    ::pause();
  }
  pid_t child = 0;
  ASSERT_EQ(::read(pipe_ends[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  EXPECT_TRUE(IsHeld(path_).value());
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(IsHeld(path_).value());
  ::kill(child, SIGKILL);
  // Not our child: wait for its lock, which the kernel frees with its last descriptor, by blocking on it.
  const pid_t waiter = ::fork();
  if (waiter == 0) {
    ::alarm(20);
    while (IsHeld(path_).value()) ::sched_yield();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(waiter, &status, 0);
  EXPECT_EQ(status, 0) << "the lock outlived both processes";
}

}  // namespace
}  // namespace optfleet::rundir
