#include "worker/process/launcher.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/rundir/layout.h"
#include "common/rundir/locks.h"
#include "worker/process/environment.h"

namespace optfleet::worker {
namespace {

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// posix_spawn and not fork: this process has threads. All descriptors but `lock` are close-on-exec.
Result<pid_t> Spawn(std::vector<std::string> command, std::vector<std::string> environment, int lock) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, lock, lock);  // to itself: clears close-on-exec in the child
  ::posix_spawnattr_init(&attributes);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::posix_spawnattr_setsigmask(&attributes, &signals);
  ::sigfillset(&signals);
  ::posix_spawnattr_setsigdefault(&attributes, &signals);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, command[0].c_str(), &actions, &attributes, Pointers(command).data(),
                                   Pointers(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return Fail(ErrnoError(error, "cannot start " + command[0]));
  return pid;
}

}  // namespace

Launcher::Launcher(LaunchOptions options) : options_(std::move(options)) {}

Status Launcher::Launch(const std::string& folder, const rundir::SlotGrant& slot) {
  const auto lock = rundir::TakeLock(folder + "/" + rundir::kShimLock);
  if (!lock) return Fail(lock.error());
  std::vector<std::string> command{options_.shim,         "--dir", folder, "--shim-lock-fd",
                                   std::to_string(*lock), "--"};
  command.insert(command.end(), options_.trainer.begin(), options_.trainer.end());
  command.insert(command.end(), {"attempt", folder});
  const auto pid = Spawn(std::move(command), TrainerEnvironment(options_.environment, slot), *lock);
  ::close(*lock);
  if (!pid) return Fail(pid.error());
  const std::lock_guard guard(mutex_);
  shims_.push_back(*pid);
  return {};
}

void Launcher::Reap() {
  const std::lock_guard guard(mutex_);
  std::erase_if(shims_, [](int pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

}  // namespace optfleet::worker
