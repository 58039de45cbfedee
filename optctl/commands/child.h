// One child process: a daemon that `optctl run` started. Owner: supervisor. Main thread only, since the
// kernel's parent-death signal is bound to the thread that forked.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/result.h"

namespace optfleet::commands {

struct ChildEnd {
  int code = 0;
  int signal = 0;  // 0: exited with code
  // "exit code 1", "killed by signal 9"
  std::string Text() const;
};

class Child {
 public:
  // Starts argv[0] in its own process group (Ctrl-C on the terminal does not reach it), with SIGTERM as its
  // parent-death signal, no standard input, and standard output and error in the file `output`, which starts
  // empty. NOT_FOUND and so on if it cannot be executed.
  static Result<Child> Start(const std::vector<std::string>& argv, const std::string& output);

  pid_t pid() const { return pid_; }
  // Reaps it if it has ended. Call no more afterwards.
  bool HasEnded(ChildEnd* end) const;
  void Signal(int signal) const;       // the process
  void SignalGroup(int signal) const;  // it and what it left in its group

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  pid_t pid_;
};

}  // namespace optfleet::commands
