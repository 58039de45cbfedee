#include "optctl/commands/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace optfleet::commands {
namespace {

// Runs in the child between fork and exec: only async-signal-safe calls. Gives the errno of what failed to
// `report`.
[[noreturn]] void Become(char* const* argv, int input, int output, int report, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);  // the parent died before the line above
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  execv(argv[0], argv);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(report, &error, sizeof error);
  _exit(127);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  void Close() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

}  // namespace

std::string ChildEnd::Text() const {
  return signal != 0 ? "killed by signal " + std::to_string(signal) : "exit code " + std::to_string(code);
}

Result<Child> Child::Start(const std::vector<std::string>& argv, const std::string& output) {
  const Descriptor input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Descriptor log(open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (log.number() < 0) return Fail(ErrnoError(errno, output));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail(ErrnoError(errno, "pipe"));
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);

  std::vector<char*> arguments;
  for (const std::string& argument : argv)
    arguments.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: exec's signature
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return Fail(ErrnoError(errno, "fork"));
  if (pid == 0) Become(arguments.data(), input.number(), log.number(), write_end.number(), parent);
  write_end.Close();
  int error = 0;
  if (read(read_end.number(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    waitpid(pid, nullptr, 0);
    return Fail(ErrnoError(error, argv[0]));
  }
  return Child(pid);
}

bool Child::HasEnded(ChildEnd* end) const {
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  end->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return true;
}

void Child::Signal(int signal) const { kill(pid_, signal); }
void Child::SignalGroup(int signal) const { kill(-pid_, signal); }

}  // namespace optfleet::commands
