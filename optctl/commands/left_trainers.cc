#include "optctl/commands/left_trainers.h"

#include <filesystem>

#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "common/rundir/locks.h"
#include "common/rundir/process_identity.h"

namespace optfleet::commands {

std::vector<std::string> LivingRunDirectories(const std::string& root) {
  std::vector<std::string> living;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    if (!entry.is_directory(error)) continue;
    const std::string folder = entry.path().string();
    for (const char* lock : {rundir::kTrainerLock, rundir::kShimLock}) {
      const auto held = rundir::IsHeld(folder + "/" + lock);
      if (!held || !*held) continue;
      living.push_back(folder);
      break;
    }
  }
  return living;
}

void SignalTrainers(const std::vector<std::string>& run_directories, int signal) {
  for (const std::string& folder : run_directories) {
    const auto started = rundir::ReadStarted(folder);
    if (!started) continue;
    // A trainer that ended meanwhile is no failure: the next look at the locks tells.
    [[maybe_unused]] const auto sent = rundir::SignalTrainer(*started, signal);
  }
}

}  // namespace optfleet::commands
