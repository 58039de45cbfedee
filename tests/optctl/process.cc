#include "tests/optctl/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace optfleet::commands {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string MakeTempFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "optctl-test-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) std::abort();
  return path;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Process::Process(const Command& command) : folder_(MakeTempFolder()) {
  std::ofstream(folder_ + "/in") << command.input;
  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> variables;
  for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> environment = Pointers(variables);
  const int in = open((folder_ + "/in").c_str(), O_RDONLY | O_CLOEXEC);
  const int out = open((folder_ + "/out").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int err = open((folder_ + "/err").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    if (!command.folder.empty() && chdir(command.folder.c_str()) != 0) _exit(126);
    execve(argv[0], argv.data(), environment.data());
    _exit(127);
  }
  for (const int descriptor : {in, out, err}) close(descriptor);
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::filesystem::remove_all(folder_);
}

std::string Process::ErrSoFar() const { return ReadFile(folder_ + "/err"); }

bool Process::WaitForErr(const std::string& text) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (ErrSoFar().find(text) == std::string::npos) {
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (info.si_pid == pid_ || std::chrono::steady_clock::now() > until)
      return ErrSoFar().find(text) != std::string::npos;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void Process::Signal(int signal) const { kill(pid_, signal); }

Ended Process::Wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), ReadFile(folder_ + "/out"),
          ErrSoFar()};
}

Ended RunToEnd(const Command& command) { return Process(command).Wait(); }

TempFolder::TempFolder() : path_(MakeTempFolder()) {}
TempFolder::~TempFolder() { std::filesystem::remove_all(path_); }

}  // namespace optfleet::commands
