#include "worker/process/kept_folder.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include "common/kept_path.h"
#include "common/log.h"
#include "common/rundir/documents.h"
#include "common/rundir/layout.h"
#include "worker/process/root.h"

namespace optfleet::worker {
namespace {

namespace fs = std::filesystem;
constexpr const char* kTemporary = ".tmp-";

std::vector<std::string> Names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  return names;
}

std::optional<KeptCheckpoint> Read(const std::string& path, const RunDirectoryName& directory, int64_t step) {
  const auto manifest = rundir::ReadManifest(path);
  if (!manifest || manifest->step != step) return std::nullopt;
  KeptCheckpoint checkpoint;
  const Fence fence{directory.incarnation, directory.attempt.attempt};
  checkpoint.name = {{ToResource(directory.attempt), fence}, step};
  checkpoint.val_loss = manifest->val_loss;
  for (const rundir::ManifestFile& file : manifest->files) checkpoint.bytes += file.size;
  return checkpoint;
}

}  // namespace

std::string KeptFolder(const std::string& root) { return root + "/" + rundir::kKeptFolder; }

std::vector<KeptCheckpoint> KeptReader::Scan() {
  std::vector<KeptCheckpoint> found;
  std::map<std::string, KeptCheckpoint> seen;
  const std::string kept = KeptFolder(root_);
  for (const std::string& folder : Names(kept)) {
    const auto directory = ParseRunDirectory(folder);
    if (!directory) continue;
    for (const std::string& name : Names(kept + "/" + folder)) {
      const auto step = ParseCheckpointFolder(name);
      if (!step || *step < 1) continue;
      const std::string path = kept + "/" + folder + "/" + name;
      const auto known = known_.find(path);
      auto checkpoint = known != known_.end() ? std::optional(known->second) : Read(path, *directory, *step);
      if (!checkpoint) continue;
      found.push_back(*checkpoint);
      seen.emplace(path, *std::move(checkpoint));
    }
  }
  known_ = std::move(seen);
  return found;
}

Status DeleteKept(const std::string& root, const KeptName& name) {
  const auto folder = FolderName(name.key);
  if (!folder) return Fail(folder.error());
  const std::string directory = KeptFolder(root) + "/" + *folder;
  const std::string step = CheckpointFolder(name.step);
  const std::string temporary = directory + "/" + kTemporary + step;
  std::error_code error;
  fs::remove_all(temporary, error);  // of a deletion that was cut short
  if (::rename((directory + "/" + step).c_str(), temporary.c_str()) != 0 && errno != ENOENT)
    return Fail(ErrnoError(errno, "rename " + directory + "/" + step));
  fs::remove_all(temporary, error);
  if (error) return Fail(ErrnoError(error.value(), "remove " + temporary));
  ::rmdir(directory.c_str());  // fails, as it should, while another checkpoint is there
  return {};
}

void RemoveHalfDeleted(const std::string& root) {
  const std::string kept = KeptFolder(root);
  for (const std::string& folder : Names(kept)) {
    if (!ParseRunDirectory(folder)) continue;
    for (const std::string& name : Names(kept + "/" + folder)) {
      if (!name.starts_with(kTemporary)) continue;
      std::error_code error;
      fs::remove_all(kept + "/" + folder + "/" + name, error);
      Log(Level::kWarn, "kept.half_deleted", {{"removed", kept + "/" + folder + "/" + name}});
    }
  }
}

}  // namespace optfleet::worker
