// Starts shims. Usable from any thread.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/rundir/documents.h"

namespace optfleet::worker {

struct LaunchOptions {
  std::string shim;                      // program
  std::vector<std::string> trainer;      // program and arguments before `attempt FOLDER`
  std::vector<std::string> environment;  // the worker's, NAME=value
};

class Launcher {
 public:
  explicit Launcher(LaunchOptions options);

  // Takes shim.lock and starts a shim that inherits it. FAILED_PRECONDITION if somebody holds it: then the
  // attempt lives already.
  Status Launch(const std::string& folder, const rundir::SlotGrant& slot);

  // Buries shims that have ended; to be called now and then. (Those of an earlier process of the worker are
  // not its children.)
  void Reap();

 private:
  const LaunchOptions options_;
  std::mutex mutex_;
  std::vector<int> shims_;
};

}  // namespace optfleet::worker
