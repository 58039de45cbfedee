// A run directory with a real shim and a real fake trainer, for tests. Everything it started is dead when it
// goes.
#pragma once

#include <signal.h>

#include <string>

#include "common/json.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/rundir/locks.h"
#include "common/rundir/process_identity.h"
#include "tests/rundir/temporary_folder.h"
#include "tests/worker/support/wait.h"
#include "worker/process/directory_reader.h"
#include "worker/process/folder_work.h"
#include "worker/process/launcher.h"

namespace optfleet::worker {

inline Json FakeSpec(int64_t steps, int64_t checkpoint_every, int64_t seed, const Json& fake) {
  return Json{{"budget", {{"steps", steps}}},
              {"checkpoint", {{"every_steps", checkpoint_every}}},
              {"training", {{"seed", seed}}},
              {"fake", fake}};
}

class RunFolder {
 public:
  RunFolder(const std::string& shim, const std::string& trainer)
      : RunFolder(LaunchOptions{shim, {trainer}, {}}) {}
  explicit RunFolder(const LaunchOptions& options) : launcher_(options), reader_(root_.path()) {}
  ~RunFolder() { KillAll(); }

  Status Start(const Json& spec) {
    rundir::JobDocument job;
    job.attempt = "sweeps/t/jobs/1/attempts/1";
    job.fence = {1, 1};
    job.spec = spec;
    const auto prepared = Prepare(root_.path(), job, std::nullopt);
    if (!prepared) return Fail(prepared.error());
    folder_ = prepared->folder;
    return Launch();
  }
  Status Launch() { return launcher_.Launch(folder_, {}); }

  DirectoryFacts Facts() {
    launcher_.Reap();
    return *reader_.Scan().at(0);
  }
  Conclusion Now() { return Conclude(Facts()); }
  bool WaitForEnd() {
    return WaitUntil([this] { return Now().state == DirectoryState::kEnded; });
  }
  rundir::StartedDocument WaitForStart() {
    if (!WaitUntil([this] { return rundir::ReadStarted(folder_).has_value(); })) return {};
    return *rundir::ReadStarted(folder_);
  }
  bool WaitForRecord(int64_t number) {
    return WaitUntil([this, number] { return Facts().last_record >= number; });
  }
  void KillAll() {
    const auto started = rundir::ReadStarted(folder_);
    if (!started) return;
    if (rundir::TrainerExists(*started)) ::kill(static_cast<pid_t>(-started->trainer_pid), SIGKILL);
    WaitUntil([&] { return !rundir::TrainerExists(*started) || Facts().exit; });
  }

  const std::string& folder() const { return folder_; }
  const std::string& root() const { return root_.path(); }

 private:
  TemporaryFolder root_;
  std::string folder_;
  Launcher launcher_;
  DirectoryReader reader_;
};

}  // namespace optfleet::worker
