// What the run directory alone costs: threads that prepare, launch, await, read and remove attempts that do
// nothing, with the worker's own code and the real shim, and nobody who asks or is told about them. What our
// whole way costs more than this is the coordinator, the wire and the worker's engine.
//
//   opt-run-directory-floor ROOT SHIM TRAINER JOBS THREADS     prints seconds
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "worker/process/folder_work.h"
#include "worker/process/launcher.h"

extern char** environ;

namespace {

using namespace optfleet;

[[noreturn]] void End(const std::string& why) {
  std::fprintf(stderr, "opt-run-directory-floor: %s\n", why.c_str());
  std::exit(1);
}

// Told by the kernel when a file is renamed into place in a folder.
class Arrival {
 public:
  Arrival(const std::string& folder, std::string name)
      : descriptor_(::inotify_init1(IN_CLOEXEC)), name_(std::move(name)) {
    if (descriptor_ < 0 || ::inotify_add_watch(descriptor_, folder.c_str(), IN_MOVED_TO) < 0)
      End("cannot watch " + folder);
  }
  ~Arrival() { ::close(descriptor_); }
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;

  void Await() const {
    alignas(inotify_event) std::array<char, 4096> events;
    while (true) {
      const ssize_t got = ::read(descriptor_, events.data(), events.size());
      if (got <= 0) End("cannot wait for " + name_);
      for (ssize_t at = 0; at < got;) {
        inotify_event event;
        std::memcpy(&event, events.data() + at, sizeof event);
        if (name_ == events.data() + at + sizeof event) return;
        at += static_cast<ssize_t>(sizeof event + event.len);
      }
    }
  }

 private:
  const int descriptor_;
  const std::string name_;
};

void RunOne(const std::string& root, int number, worker::Launcher* launcher) {
  rundir::JobDocument job;
  job.attempt = "sweeps/floor/jobs/" + std::to_string(number) + "/attempts/1";
  job.fence.incarnation = 1;
  job.spec = Json::object();
  const auto prepared = worker::Prepare(root, job, std::nullopt);
  if (!prepared) End(prepared.error().message());
  const std::string& folder = prepared->folder;
  const Arrival exit(folder, rundir::kExitFile);
  if (const auto launched = launcher->Launch(folder, {}); !launched) End(launched.error().message());
  exit.Await();
  launcher->Reap();
  const auto result = rundir::ReadResult(folder);
  if (!result || result->outcome != Outcome::kSucceeded) End(folder + " did not succeed");
  if (const auto removed = worker::RemoveFolder(folder); !removed) End(removed.error().message());
}

}  // namespace

int main(int count, char** values) {
  if (count != 6) End("use: ROOT SHIM TRAINER JOBS THREADS");
  worker::LaunchOptions options{values[2], {values[3]}, {}};
  for (char** entry = environ; *entry != nullptr; ++entry) options.environment.emplace_back(*entry);
  worker::Launcher launcher(options);
  const int jobs = std::atoi(values[4]);
  std::atomic<int> next{0};
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < std::atoi(values[5]); ++i)
    threads.emplace_back([&] {
      for (int number = ++next; number <= jobs; number = ++next) RunOne(values[1], number, &launcher);
    });
  for (std::thread& thread : threads) thread.join();
  std::printf("%f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return 0;
}
