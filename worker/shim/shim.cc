#include "worker/shim/shim.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/rundir/locks.h"
#include "common/rundir/process_identity.h"

namespace optfleet::shim {
namespace {

constexpr int kTriesWithoutCause = 10;  // for errors of exit.json other than a full disk

// Goes to trainer.log, which is standard error by now.
void Say(const std::string& text) { std::fprintf(stderr, "opt-shim: %s\n", text.c_str()); }

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

double MonotonicSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Nothing of the worker stays: session, terminal, signals, descriptors.
void Detach(int shim_lock) {
  ::setsid();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  const auto lock = static_cast<unsigned>(shim_lock);
  if (lock > 3) ::close_range(3, lock - 1, 0);
  ::close_range(lock + 1, ~0U, 0);
  ::fcntl(shim_lock, F_SETFD, FD_CLOEXEC);
}

// Standard input from nowhere, both outputs to the end of trainer.log; the folder becomes the working
// directory.
bool Redirect(const std::string& folder) {
  if (::chdir(folder.c_str()) != 0) return false;
  const int nowhere = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int log = ::open(rundir::kTrainerLog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const bool done =
      nowhere >= 0 && log >= 0 && ::dup2(nowhere, 0) == 0 && ::dup2(log, 1) == 1 && ::dup2(log, 2) == 2;
  for (const int descriptor : {nowhere, log})
    if (descriptor > 2) ::close(descriptor);
  return done;
}

// In the child. `gate` gives one byte when started.json is on disk, and its end when the shim died before.
[[noreturn]] void BecomeTrainer(const std::vector<std::string>& command, int trainer_lock, int gate) {
  ::setsid();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  char byte = 0;
  ssize_t got = 0;
  do got = ::read(gate, &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(rundir::kExitFolderUnusable);
  std::vector<std::string> arguments = command;
  arguments.insert(arguments.end(), {"--lock-fd", std::to_string(trainer_lock)});
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  if (rundir::KeepOverExec(trainer_lock)) ::execvp(pointers[0], pointers.data());
  Say(ErrnoError(errno, "cannot start " + command[0]).message());
  ::_exit(rundir::kExitExecFailed);
}

struct Trainer {
  pid_t pid = 0;
  int gate = -1;
};

std::optional<Trainer> Fork(const std::vector<std::string>& command, int trainer_lock) {
  int gate[2];
  if (::pipe2(gate, O_CLOEXEC) != 0) return std::nullopt;
  const pid_t pid = ::fork();
  if (pid < 0) return std::nullopt;
  if (pid == 0) {
    ::close(gate[1]);
    BecomeTrainer(command, trainer_lock, gate[0]);
  }
  ::close(gate[0]);
  return Trainer{pid, gate[1]};
}

Status WriteStarted(const std::string& folder, pid_t trainer) {
  const auto ticks = rundir::StartTicks(trainer);
  if (!ticks) return Fail(ticks.error());
  const auto boot = rundir::BootId();
  if (!boot) return Fail(boot.error());
  const rundir::StartedDocument started{::getpid(), trainer, *ticks, *boot};
  return rundir::WriteFileForThisBoot(folder, rundir::kStartedFile, rundir::ToJson(started).dump() + "\n");
}

// Waits for the trainer; programs that it left behind are killed while its id cannot be used again.
rundir::ExitDocument Reap(pid_t trainer, double started_at) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(trainer), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  ::kill(-trainer, SIGKILL);
  int status = 0;
  rusage usage{};
  while (::wait4(trainer, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  rundir::ExitDocument document;
  document.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  document.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  document.core = WIFSIGNALED(status) && WCOREDUMP(status);
  document.user_seconds = Seconds(usage.ru_utime);
  document.system_seconds = Seconds(usage.ru_stime);
  document.peak_rss_bytes = int64_t{1024} * usage.ru_maxrss;
  document.wall_seconds = MonotonicSeconds() - started_at;
  return document;
}

// On a full disk for as long as it takes: how the process ended is written nowhere else.
bool WriteExit(const std::string& folder, const rundir::ExitDocument& document) {
  for (int other_errors = 0; other_errors < kTriesWithoutCause;) {
    const auto written =
        rundir::WriteFileForThisBoot(folder, rundir::kExitFile, rundir::ToJson(document).dump() + "\n");
    if (written) return true;
    struct stat ignored {};
    if (::stat(folder.c_str(), &ignored) != 0) return false;
    if (written.error().code() != Code::kResourceExhausted) ++other_errors;
    const timespec second{1, 0};
    ::nanosleep(&second, nullptr);
  }
  return false;
}

int GiveUp(const std::string& folder, const std::string& why) {
  Say(why);
  rundir::ExitDocument document;
  document.code = rundir::kExitFolderUnusable;
  WriteExit(folder, document);
  return rundir::kExitFolderUnusable;
}

}  // namespace

int Run(const Options& options) {
  Detach(options.shim_lock);
  const std::string& folder = options.folder;
  if (!Redirect(folder)) return rundir::kExitFolderUnusable;
  const auto lock = rundir::TakeLock(folder + "/" + rundir::kTrainerLock);
  if (!lock) {
    // Held: a trainer lives here already, and how that one ends is not ours to write.
    if (lock.error().code() != Code::kFailedPrecondition) return GiveUp(folder, lock.error().message());
    Say(lock.error().message());
    return rundir::kExitFolderUnusable;
  }
  const double started_at = MonotonicSeconds();
  const auto trainer = Fork(options.trainer, *lock);
  if (!trainer) return GiveUp(folder, ErrnoError(errno, "cannot start a process").message());
  ::close(*lock);
  const auto written = WriteStarted(folder, trainer->pid);
  if (!written)
    Say(written.error().message() + "; the trainer was not started");
  else if (::write(trainer->gate, "!", 1) != 1)
    Say("the trainer ended before it began");
  ::close(trainer->gate);
  return WriteExit(folder, Reap(trainer->pid, started_at)) ? 0 : rundir::kExitFolderUnusable;
}

}  // namespace optfleet::shim
