#include "optctl/commands/local_cluster.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "common/rundir/layout.h"
#include "common/rundir/locks.h"
#include "optctl/commands/left_trainers.h"

namespace optfleet::commands {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPoll{50};
constexpr const char* kCoordinator = "coordinator";
constexpr const char* kWorker = "worker";

// Kept short: "local" is shown in tables.
std::string WorkerId(int number) { return number == 1 ? "local" : "local-" + std::to_string(number); }
std::string WorkerName(int number) { return std::string(kWorker) + " " + WorkerId(number); }

Status CheckPrograms(const std::string& folder) {
  for (const char* name : {"opt-coordinator", "opt-worker"}) {
    const std::string path = folder + "/" + name;
    if (access(path.c_str(), X_OK) != 0) {
      return Fail(Code::kNotFound,
                  path + " is missing; all programs of Optfleet must lie in the folder of optctl");
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LocalCluster>> LocalCluster::Open(const LocalClusterOptions& options) {
  OPTFLEET_RETURN_IF_ERROR(CheckPrograms(options.programs));
  std::error_code error;
  const bool made = fs::create_directories(options.state, error);
  if (error) return Fail(ErrnoError(error.value(), "the state folder " + options.state + " cannot be made"));
  if (made) fs::permissions(options.state, fs::perms::owner_all, error);
  auto lock = rundir::TakeLock(options.state + "/run.lock");
  if (!lock && lock.error().code() == Code::kFailedPrecondition) {
    return Fail(Code::kFailedPrecondition, "another `optctl run` uses " + options.state +
                                               "; watch it there with `optctl watch SWEEP --state " +
                                               options.state + "`, or name another folder with --state");
  }
  if (!lock) return Fail(std::move(lock).error());
  return std::unique_ptr<LocalCluster>(new LocalCluster(options, *lock));
}

Status LocalCluster::StartDaemons() {
  started_ = true;
  const std::string& state = options_.state;
  OPTFLEET_RETURN_IF_ERROR(supervisor_.Start(
      {kCoordinator,
       {options_.programs + "/opt-coordinator", "--state", state, "--listen", "127.0.0.1:0", "--http",
        "127.0.0.1:0", "--parent-death", "--log-file", state + "/coordinator.log"},
       state + "/coordinator.out",
       state + "/coordinator.log"},
      Seconds()));
  for (int number = 1; number <= options_.workers; ++number) waiting_workers_.push_back(number);
  return StartWaitingWorkers();
}

Status LocalCluster::StartWaitingWorkers() {
  for (size_t i = 0; i < waiting_workers_.size();) {
    const auto in_use = rundir::IsHeld(WorkerRoot(waiting_workers_[i]) + "/" + rundir::kWorkerLock);
    if (in_use && *in_use) {
      ++i;
      continue;
    }
    const int number = waiting_workers_[i];
    waiting_workers_.erase(waiting_workers_.begin() + static_cast<std::ptrdiff_t>(i));
    OPTFLEET_RETURN_IF_ERROR(supervisor_.Start(WorkerSpec(number), Seconds()));
  }
  return {};
}

DaemonSpec LocalCluster::WorkerSpec(int number) const {
  const std::string root = WorkerRoot(number);
  std::vector<std::string> argv = {options_.programs + "/opt-worker",
                                   "--coordinator-file",
                                   options_.state + "/endpoint.json",
                                   "--root",
                                   root,
                                   "--id",
                                   WorkerId(number),
                                   "--on-exit",
                                   "stop",
                                   "--parent-death",
                                   "--log-file",
                                   root + ".log"};
  if (options_.slots > 0) argv.insert(argv.end(), {"--slots", std::to_string(options_.slots)});
  if (options_.threads > 0) argv.insert(argv.end(), {"--threads", std::to_string(options_.threads)});
  if (!options_.memory.empty()) argv.insert(argv.end(), {"--memory", options_.memory});
  return {WorkerName(number), std::move(argv), root + ".out", root + ".log"};
}

LocalCluster::~LocalCluster() {
  if (started_) Kill();  // else what lives here is an earlier run's, at its last checkpoints
  close(lock_);
}

double LocalCluster::Seconds() {
  return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

std::string LocalCluster::WorkerRoot(int number) const {
  return options_.state + "/worker-" + WorkerId(number);
}

Result<std::vector<std::string>> LocalCluster::Check() {
  OPTFLEET_RETURN_IF_ERROR(StartWaitingWorkers());
  return supervisor_.Check(Seconds());
}

Result<Endpoint> LocalCluster::Serving() const {
  auto endpoint = ReadEndpoint(options_.state);
  if (!endpoint) return endpoint;
  // The file of a coordinator that was killed names a port that is nobody's, or by now somebody else's.
  if (endpoint->pid != supervisor_.PidOf(kCoordinator))
    return Fail(Code::kNotFound, "the coordinator is starting");
  return endpoint;
}

std::vector<std::string> LocalCluster::LivingTrainers() const {
  std::vector<std::string> living;
  for (int number = 1; number <= options_.workers; ++number) {
    for (std::string& folder : LivingRunDirectories(WorkerRoot(number))) living.push_back(std::move(folder));
  }
  return living;
}

bool LocalCluster::Stop(Interrupts& interrupts, std::chrono::seconds patience) {
  const auto until = steady_clock::now() + patience;
  const auto wait_for = [&](auto over) {
    while (!over()) {
      if (steady_clock::now() > until || interrupts.WaitFor(kPoll)) return false;
    }
    return true;
  };
  supervisor_.Stop(kWorker);
  if (!wait_for([this] { return supervisor_.Stopped(kWorker); })) return false;
  // A worker that was killed could not tell its trainers; SIGTERM means the same to them: checkpoint, then
  // end.
  SignalTrainers(LivingTrainers(), SIGTERM);
  if (!wait_for([this] { return LivingTrainers().empty(); })) return false;
  supervisor_.Stop(kCoordinator);
  return wait_for([this] { return supervisor_.Stopped(kCoordinator); });
}

void LocalCluster::Kill() {
  constexpr milliseconds kLongest{3000};
  constexpr milliseconds kKillPoll{5};
  supervisor_.Kill();
  const auto until = steady_clock::now() + kLongest;
  for (auto living = LivingTrainers(); !living.empty() && steady_clock::now() < until;
       living = LivingTrainers()) {
    SignalTrainers(living, SIGKILL);
    std::this_thread::sleep_for(kKillPoll);  // the kernel closes a killed process's locks in its own time
  }
}

int64_t LocalCluster::EarlierCoordinator() const {
  const auto endpoint = ReadEndpoint(options_.state);
  if (!endpoint || endpoint->pid <= 0) return 0;
  std::ifstream file("/proc/" + std::to_string(endpoint->pid) + "/comm");
  std::string name;
  return std::getline(file, name) && name == "opt-coordinator" ? endpoint->pid : 0;
}

}  // namespace optfleet::commands
