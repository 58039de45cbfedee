#include "worker/process/directory_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "common/log.h"
#include "common/rundir/layout.h"
#include "common/rundir/locks.h"
#include "common/rundir/metrics_log.h"
#include "common/rundir/process_identity.h"

namespace optfleet::worker {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kOutputTailBytes = 64 << 10;
constexpr size_t kRecordsAtOnce = 4096;

int64_t FileSize(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_size : -1;
}

// Sizes only: checksums are for the moment in which somebody resumes.
bool IsComplete(const std::string& checkpoint, const rundir::ManifestDocument& manifest) {
  return std::all_of(manifest.files.begin(), manifest.files.end(), [&](const rundir::ManifestFile& file) {
    return FileSize(checkpoint + "/" + file.name) == file.size;
  });
}

std::vector<std::string> Names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

template <typename Document>
void ReadOnce(std::optional<Document>* document, Result<Document> (*read)(const std::string&),
              const std::string& folder) {
  if (*document) return;
  auto value = read(folder);
  if (value)
    *document = std::move(*value);
  else if (value.error().code() != Code::kNotFound)
    Log(Level::kWarn, "rundir.unreadable", {{"error", value.error().message()}});
}

}  // namespace

class DirectoryReader::Folder {
 public:
  Folder(const std::string& path, rundir::JobDocument job, const std::string& boot_id)
      : log_(path + "/" + rundir::kMetricsLog) {
    facts_.folder = path;
    facts_.other_boot = !boot_id.empty() && !job.boot_id.empty() && job.boot_id != boot_id;
    facts_.job = std::move(job);
  }

  DirectoryFactsPtr Scan() {
    if (final_) return final_;
    // In this order: once the shim is gone nobody can begin a trainer, and once both are gone no file
    // changes.
    facts_.shim_held = Held(rundir::kShimLock, facts_.shim_held);
    facts_.trainer_held = Held(rundir::kTrainerLock, facts_.trainer_held);
    ReadOnce(&facts_.started, &rundir::ReadStarted, facts_.folder);
    ReadOnce(&facts_.result, &rundir::ReadResult, facts_.folder);
    ReadOnce(&facts_.exit, &rundir::ReadExit, facts_.folder);
    CountRecords();
    FindCheckpoint();
    if (Conclude(facts_).state == DirectoryState::kEnded) {
      ReadOutputTail();
      final_ = std::make_shared<const DirectoryFacts>(facts_);
      return final_;
    }
    return std::make_shared<const DirectoryFacts>(facts_);
  }

 private:
  bool Held(const char* lock, bool before) {
    const auto held = rundir::IsHeld(facts_.folder + "/" + lock);
    if (!held) Log(Level::kWarn, "rundir.lock", {{"error", held.error().message()}});
    return held.value_or(before);
  }

  void CountRecords() {
    const std::string path = facts_.folder + "/" + rundir::kMetricsLog;
    const int64_t size = FileSize(path);
    if (size <= facts_.log_bytes || !facts_.log_damage.empty()) return;
    while (true) {
      const auto records = log_.Read(kRecordsAtOnce);
      facts_.last_record = log_.last_number();
      if (!records) {
        facts_.log_damage = records.error().message();
        Log(Level::kError, "rundir.metrics_log", {{"job", facts_.job.attempt}, {"error", facts_.log_damage}});
        return;
      }
      if (records->empty()) break;
    }
    facts_.log_bytes = size;
  }

  void FindCheckpoint() {
    const std::string folder = facts_.folder + "/" + rundir::kCheckpoints;
    auto names = Names(folder);
    for (auto name = names.rbegin(); name != names.rend() && name->starts_with("step-"); ++name) {
      if (*name == newest_checkpoint_) return;
      const auto manifest = rundir::ReadManifest(folder + "/" + *name);
      if (!manifest || !IsComplete(folder + "/" + *name, *manifest)) continue;
      newest_checkpoint_ = *name;
      facts_.checkpoint_step = manifest->step;
      facts_.checkpoint_record = manifest->record;
      return;
    }
  }

  void ReadOutputTail() {
    std::ifstream file(facts_.folder + "/" + rundir::kTrainerLog, std::ios::binary);
    const int64_t size = FileSize(facts_.folder + "/" + rundir::kTrainerLog);
    if (!file || size <= 0) return;
    facts_.output_skipped_bytes = std::max<int64_t>(0, size - kOutputTailBytes);
    file.seekg(facts_.output_skipped_bytes);
    facts_.output_tail.resize(static_cast<size_t>(size - facts_.output_skipped_bytes));
    file.read(facts_.output_tail.data(), static_cast<std::streamsize>(facts_.output_tail.size()));
    facts_.output_tail.resize(static_cast<size_t>(file.gcount()));
  }

  DirectoryFacts facts_;
  DirectoryFactsPtr final_;
  rundir::LogReader log_;
  std::string newest_checkpoint_;
};

DirectoryReader::DirectoryReader(std::string root)
    : root_(std::move(root)), boot_id_(rundir::BootId().value_or("")) {}
DirectoryReader::~DirectoryReader() = default;

std::vector<DirectoryFactsPtr> DirectoryReader::Scan() {
  std::vector<DirectoryFactsPtr> all;
  std::set<std::string> seen;
  for (const std::string& name : Names(root_)) {
    if (!name.starts_with("sweeps-")) continue;
    auto& folder = folders_[name];
    if (!folder) {
      auto job = rundir::ReadJob(root_ + "/" + name);
      if (!job) {
        folders_.erase(name);
        continue;
      }
      folder = std::make_unique<Folder>(root_ + "/" + name, std::move(*job), boot_id_);
    }
    seen.insert(name);
    all.push_back(folder->Scan());
  }
  std::erase_if(folders_, [&](const auto& entry) { return !seen.contains(entry.first); });
  return all;
}

void RemoveUnfinished(const std::string& root) {
  for (const std::string& name : Names(root)) {
    const std::string path = root + "/" + name;
    if (!name.starts_with(".tmp-") && !name.starts_with("sweeps-")) continue;
    if (name.starts_with("sweeps-")) {
      const auto job = rundir::ReadJob(path);
      // A job of another version is a newer worker's and not unfinished.
      if (job || job.error().code() == Code::kFailedPrecondition) continue;
      if (rundir::IsHeld(path + "/" + rundir::kShimLock).value_or(true) ||
          rundir::IsHeld(path + "/" + rundir::kTrainerLock).value_or(true))
        continue;
    }
    std::error_code error;
    fs::remove_all(path, error);
    Log(Level::kWarn, "rundir.unfinished", {{"removed", path}});
  }
}

}  // namespace optfleet::worker
