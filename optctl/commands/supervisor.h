// Keeps daemons alive until they are told to stop. Main thread only; the owner calls Check several times a
// second.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "optctl/commands/child.h"
#include "optctl/commands/restart_policy.h"

namespace optfleet::commands {

struct DaemonSpec {
  std::string name;               // for messages: "coordinator"
  std::vector<std::string> argv;  // argv[0] is a path
  std::string output;             // file for its standard output and error
  std::string log;                // its own log, quoted from when `output` is empty
};

class Supervisor {
 public:
  // Ends whatever still runs, at once: a supervisor never leaves a daemon behind.
  ~Supervisor();
  Supervisor() = default;
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  Status Start(DaemonSpec spec, double now);

  // Reaps and restarts; returns a line for each daemon that ended or was started again. ABORTED with the
  // daemon's last words when one is given up (RestartPolicy) or cannot be executed.
  Result<std::vector<std::string>> Check(double now);

  // Asks the daemons whose name begins so to end; none of them is started again.
  void Stop(const std::string& prefix);
  // Kills all of them with their process groups.
  void Kill();
  // Whether no daemon of that prefix runs any more.
  bool Stopped(const std::string& prefix);

  // Process id of the daemon of that name, 0 while it does not run.
  pid_t PidOf(const std::string& name) const;

 private:
  struct Daemon {
    DaemonSpec spec;
    RestartPolicy policy;
    std::optional<Child> child;
    double start_at = 0;  // while there is no child
    bool stopping = false;
  };
  Status Launch(Daemon& daemon, double now);

  std::vector<Daemon> daemons_;
};

// The last lines of a text file, indented; empty if there is nothing to read.
std::string LastLines(const std::string& path, int count);

}  // namespace optfleet::commands
