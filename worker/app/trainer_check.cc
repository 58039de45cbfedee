#include "worker/app/trainer_check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "common/json.h"
#include "common/version.h"

namespace optfleet::worker {
namespace {

constexpr int kPatienceMs = 30000;
constexpr size_t kLongestAnswer = 1 << 16;

bool IsExecutable(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Standard output of a command; empty if it fails or takes too long.
std::string Output(std::vector<std::string> command, std::vector<std::string> environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, command[0].c_str(), &actions, nullptr, Pointers(command).data(),
                                   Pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output;
  pollfd readable{ends[0], POLLIN, 0};
  while (error == 0 && output.size() < kLongestAnswer && ::poll(&readable, 1, kPatienceMs) > 0) {
    char buffer[4096];
    const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got <= 0) break;
    output.append(buffer, static_cast<size_t>(got));
  }
  ::close(ends[0]);
  if (error != 0) return "";
  if (output.empty()) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? output : "";
}

}  // namespace

Status CheckProgram(const std::string& program, const std::string& what, const std::string& option) {
  bool found = program.find('/') != std::string::npos && IsExecutable(program);
  if (program.find('/') == std::string::npos) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "");
    for (std::string folder; !found && std::getline(folders, folder, ':');)
      found = IsExecutable(folder + "/" + program);
  }
  if (found) return {};
  return Fail(Code::kNotFound, "no " + what + " at " + program + "; name it with " + option);
}

Status CheckTrainerVersion(const std::vector<std::string>& trainer,
                           const std::vector<std::string>& environment) {
  auto command = trainer;
  command.insert(command.end(), {"version", "--json"});
  const Json json = Json::parse(Output(std::move(command), environment), nullptr, false);
  if (!json.is_object() || !json.contains("run_directory"))
    return Fail(Code::kFailedPrecondition,
                "the trainer " + trainer[0] +
                    " does not answer `version --json` with its `run_directory` version; "
                    "name another one with --trainer");
  if (json["run_directory"] != kRunDirectoryVersion)
    return Fail(Code::kFailedPrecondition,
                "the trainer " + trainer[0] + " speaks version " + json["run_directory"].dump() +
                    " of the run directory, this worker " + std::to_string(kRunDirectoryVersion) +
                    ": install both from one release");
  return {};
}

}  // namespace optfleet::worker
