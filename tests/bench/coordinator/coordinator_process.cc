#include "tests/bench/coordinator/coordinator_process.h"

#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <signal.h>
#include <spawn.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>
#include <vector>

#include "common/json.h"
#include "optfleet/v1/operator.grpc.pb.h"

namespace optfleet::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kStartLimit{60};

std::string ReadText(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> Environment(const ProcessOptions& options, const fs::path& counter) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  if (options.fsync_counter.empty()) return entries;
  entries.push_back("LD_PRELOAD=" + options.fsync_counter);
  entries.push_back("OPTFLEET_BENCH_FSYNCS=" + counter.string());
  return entries;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

void Die(const std::string& sentence) {
  std::cerr << "coordinator_bench: " << sentence << std::endl;
  std::exit(1);
}

CoordinatorProcess::CoordinatorProcess(const ProcessOptions& options) : options_(options) {
  std::string pattern = options.folder + "/optfleet-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) Die(options.folder + ": no folder could be made there");
  folder_ = pattern;
  std::ofstream(folder_ / "fsyncs").write("\0\0\0\0\0\0\0\0", 8);
  Spawn("127.0.0.1:0");
  WaitUntilServing();
}

CoordinatorProcess::~CoordinatorProcess() {
  Kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void CoordinatorProcess::Spawn(const std::string& listen) {
  std::vector<std::string> arguments = {options_.program,
                                        "--state",
                                        (folder_ / "state").string(),
                                        "--listen",
                                        listen,
                                        "--http",
                                        "127.0.0.1:0",
                                        "--parent-death",
                                        "--log-file",
                                        (folder_ / "log").string()};
  std::vector<std::string> environment = Environment(options_, folder_ / "fsyncs");
  std::error_code ignored;
  fs::remove(folder_ / "state" / "endpoint.json", ignored);
  const int failed = posix_spawn(&pid_, options_.program.c_str(), nullptr, nullptr,
                                 Pointers(&arguments).data(), Pointers(&environment).data());
  if (failed != 0) Die(options_.program + " cannot be started");
  const auto end = Clock::now() + kStartLimit;
  while (!fs::exists(folder_ / "state" / "endpoint.json")) {
    if (Clock::now() > end || waitpid(pid_, nullptr, WNOHANG) != 0)
      Die("the coordinator did not start: " + ReadText(folder_ / "log"));
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  address_ = Json::parse(ReadText(folder_ / "state" / "endpoint.json"))["grpc"];
}

void CoordinatorProcess::WaitUntilServing() const {
  const auto system = v1::SystemService::NewStub(Connect());
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + kStartLimit);
  v1::GetInfoResponse response;
  if (const grpc::Status status = system->GetInfo(&context, {}, &response); !status.ok())
    Die("the coordinator does not answer: " + status.error_message());
}

void CoordinatorProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

double CoordinatorProcess::RestartSeconds() {
  const auto begin = Clock::now();
  Spawn(address_);
  WaitUntilServing();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::shared_ptr<grpc::Channel> CoordinatorProcess::Connect() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
}

double CoordinatorProcess::CpuSeconds() const {
  const std::string stat = ReadText("/proc/" + std::to_string(pid_) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int64_t CoordinatorProcess::StatusKiB(const std::string& key) const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key + ":", 0) == 0) return std::stoll(line.substr(key.size() + 1));
  }
  return 0;
}

int64_t CoordinatorProcess::ResidentBytes() const { return StatusKiB("VmRSS") * 1024; }
int64_t CoordinatorProcess::PeakBytes() const { return StatusKiB("VmHWM") * 1024; }

int64_t CoordinatorProcess::Fsyncs() const {
  if (options_.fsync_counter.empty()) return -1;
  int64_t count = 0;
  std::ifstream(folder_ / "fsyncs").read(reinterpret_cast<char*>(&count), sizeof count);
  return count;
}

std::string CoordinatorProcess::FileSystem() const {
  struct statfs info {};
  if (statfs(folder_.c_str(), &info) != 0) return "unknown";
  switch (static_cast<uint32_t>(info.f_type)) {
    case 0xEF53:
      return "ext4";
    case 0x58465342:
      return "xfs";
    case 0x9123683E:
      return "btrfs";
    case 0x01021994:
      return "tmpfs";
    case 0x794C7630:
      return "overlayfs";
    default:
      return "type " + std::to_string(info.f_type);
  }
}

int64_t CoordinatorProcess::StateBytes() const {
  int64_t bytes = 0;
  for (const char* name : {"state.db", "state.db-wal"}) {
    std::error_code missing;
    const auto size = fs::file_size(folder_ / "state" / name, missing);
    if (!missing) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

}  // namespace optfleet::bench
