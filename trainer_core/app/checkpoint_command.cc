#include "trainer_core/app/checkpoint_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "common/kept_path.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "trainer_core/app/attempt.h"
#include "trainer_core/checkpoint/average_files.h"
#include "trainer_core/checkpoint/checkpoint_folder.h"

namespace optfleet::trainer {
namespace {

namespace fs = std::filesystem;

int Report(const Error& error) {
  fprintf(stderr, "opt-trainer: %s\n", error.message().c_str());
  return ExitCodeOf(error);
}

// Whether it is good.
bool PrintCheckpoint(const std::string& path, bool kept) {
  const auto manifest = rundir::ReadGoodManifest(path);
  if (!manifest.has_value()) {
    fmt::print("{:<20} damaged: {}\n", fs::path(path).filename().string(), manifest.error().message());
    return false;
  }
  int64_t bytes = 0;
  for (const auto& file : manifest->files) bytes += file.size;
  fmt::print("{:<20} good  step {}  record {}  bytes {}{}{}\n", fs::path(path).filename().string(),
             manifest->step, manifest->record, bytes,
             manifest->val_loss ? fmt::format("  val_loss {:.6g}", *manifest->val_loss) : "",
             kept ? "  kept" : "");
  return true;
}

}  // namespace

int ListCheckpoints(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return Report(Error(Code::kNotFound, path + " is no folder"));
  if (!fs::is_directory(path + "/" + rundir::kCheckpoints, error))
    return PrintCheckpoint(path, false) ? 0 : 1;
  const auto kept = rundir::ReadKeptSteps(path);
  if (!kept.has_value()) return Report(kept.error());
  bool good = true;
  for (const int64_t step : CheckpointSteps(path)) {
    const bool stays = std::find(kept->begin(), kept->end(), step) != kept->end();
    const std::string name = CheckpointFolder(step);
    good = PrintCheckpoint(path + "/" + rundir::kCheckpoints + "/" + name, stays) && good;
  }
  return good ? 0 : 1;
}

int CopyCheckpointTo(const std::string& from, const std::string& to) {
  std::vector<std::string> damaged;
  const auto chosen = ChooseCheckpoint(from, &damaged);
  if (!damaged.empty()) return Report(Error(Code::kDataLoss, damaged.front()));
  if (!chosen.has_value()) return Report(chosen.error());
  const Status copied = CopyCheckpoint(chosen->path, to);
  return copied.has_value() ? 0 : Report(copied.error());
}

int AverageWeights(const std::vector<std::string>& inputs, const std::string& out) {
  const Status written = AverageFiles(inputs, out);
  return written.has_value() ? 0 : Report(written.error());
}

}  // namespace optfleet::trainer
