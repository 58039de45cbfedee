#include "common/rundir/locks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace optfleet::rundir {
namespace {

// A probe (IsHeld) holds a shared lock for some microseconds; taking outlasts it.
constexpr int kTries = 20;
constexpr timespec kPause{0, 5'000'000};

}  // namespace

Result<int> TakeLock(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return Fail(ErrnoError(errno, "lock " + path));
  for (int i = 0; i < kTries; ++i) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
    if (errno != EWOULDBLOCK && errno != EINTR) break;
    ::nanosleep(&kPause, nullptr);
  }
  const int error = errno;
  ::close(descriptor);
  if (error == EWOULDBLOCK) return Fail(Code::kFailedPrecondition, path + " is locked by another process");
  return Fail(ErrnoError(error, "lock " + path));
}

Result<bool> IsHeld(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return false;
    return Fail(ErrnoError(errno, "probe " + path));
  }
  const bool taken = ::flock(descriptor, LOCK_SH | LOCK_NB) == 0;
  const int error = errno;
  // Unlocked by word and not only by close: a child forked meanwhile holds a copy until it execs.
  if (taken) ::flock(descriptor, LOCK_UN);
  ::close(descriptor);
  if (!taken && error != EWOULDBLOCK) return Fail(ErrnoError(error, "probe " + path));
  return !taken;
}

Status KeepOverExec(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFD);
  if (flags < 0 || ::fcntl(descriptor, F_SETFD, flags & ~FD_CLOEXEC) < 0)
    return Fail(ErrnoError(errno, "descriptor " + std::to_string(descriptor)));
  return {};
}

}  // namespace optfleet::rundir
