#include "optctl/commands/supervisor.h"

#include <sys/wait.h>

#include <csignal>
#include <deque>
#include <fstream>

namespace optfleet::commands {
namespace {

constexpr int kLinesQuoted = 5;

std::string LastWords(const DaemonSpec& spec) {
  std::string words = LastLines(spec.output, kLinesQuoted);
  if (words.empty()) words = LastLines(spec.log, kLinesQuoted);
  return words;
}

}  // namespace

Supervisor::~Supervisor() {
  Kill();
  for (const Daemon& daemon : daemons_) {
    if (daemon.child) waitpid(daemon.child->pid(), nullptr, 0);
  }
}

Status Supervisor::Launch(Daemon& daemon, double now) {
  auto child = Child::Start(daemon.spec.argv, daemon.spec.output);
  if (!child) return Fail(child.error().In("the " + daemon.spec.name + " cannot be started"));
  daemon.child = *child;
  daemon.policy.Started(now);
  return {};
}

Status Supervisor::Start(DaemonSpec spec, double now) {
  Daemon daemon;
  daemon.spec = std::move(spec);
  OPTFLEET_RETURN_IF_ERROR(Launch(daemon, now));
  daemons_.push_back(std::move(daemon));
  return {};
}

Result<std::vector<std::string>> Supervisor::Check(double now) {
  std::vector<std::string> lines;
  for (Daemon& daemon : daemons_) {
    if (daemon.stopping) continue;
    ChildEnd end;
    if (daemon.child && daemon.child->HasEnded(&end)) {
      daemon.child.reset();
      const auto again = daemon.policy.Ended(now);
      const std::string what = "the " + daemon.spec.name + " ended (" + end.Text() + ")";
      if (!again) {
        return Fail(Code::kAborted, what + " " + std::to_string(RestartPolicy::kMostQuickFailures) +
                                        " times in a row; its last words:\n" + LastWords(daemon.spec) +
                                        "its log: " + daemon.spec.log);
      }
      daemon.start_at = *again;
      lines.push_back(what + " and will be started again");
    }
    if (!daemon.child && now >= daemon.start_at) OPTFLEET_RETURN_IF_ERROR(Launch(daemon, now));
  }
  return lines;
}

void Supervisor::Stop(const std::string& prefix) {
  for (Daemon& daemon : daemons_) {
    if (!daemon.spec.name.starts_with(prefix)) continue;
    daemon.stopping = true;
    if (daemon.child) daemon.child->Signal(SIGTERM);
  }
}

void Supervisor::Kill() {
  for (Daemon& daemon : daemons_) {
    daemon.stopping = true;
    if (daemon.child) daemon.child->SignalGroup(SIGKILL);
  }
}

bool Supervisor::Stopped(const std::string& prefix) {
  bool stopped = true;
  for (Daemon& daemon : daemons_) {
    if (!daemon.spec.name.starts_with(prefix)) continue;
    ChildEnd end;
    if (daemon.child && daemon.child->HasEnded(&end)) daemon.child.reset();
    stopped = stopped && !daemon.child;
  }
  return stopped;
}

pid_t Supervisor::PidOf(const std::string& name) const {
  for (const Daemon& daemon : daemons_) {
    if (daemon.spec.name == name && daemon.child) return daemon.child->pid();
  }
  return 0;
}

std::string LastLines(const std::string& path, int count) {
  std::ifstream file(path);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
    if (lines.size() > static_cast<size_t>(count)) lines.pop_front();
  }
  std::string text;
  for (const std::string& line : lines) text += "    " + line + "\n";
  return text;
}

}  // namespace optfleet::commands
