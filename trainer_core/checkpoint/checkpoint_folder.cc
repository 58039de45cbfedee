#include "trainer_core/checkpoint/checkpoint_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>

#include "common/kept_path.h"
#include "common/log.h"
#include "common/mapped_file.h"
#include "common/rundir/layout.h"
#include "trainer_core/checkpoint/file_writer.h"

namespace optfleet::trainer {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kAnyStep = std::numeric_limits<int64_t>::max();

// The newest good one that is not newer than `newest`.
Result<rundir::Checkpoint> ChooseIn(const std::string& run_folder, int64_t newest,
                                    std::vector<std::string>* damaged) {
  const auto steps = CheckpointSteps(run_folder);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (*step > newest) continue;
    const std::string path = run_folder + "/" + rundir::kCheckpoints + "/" + CheckpointFolder(*step);
    auto manifest = rundir::ReadGoodManifest(path);
    if (manifest.has_value() && manifest->step == *step)
      return rundir::Checkpoint{path, std::move(*manifest)};
    damaged->push_back(manifest.has_value() ? path + ": holds step " + std::to_string(manifest->step)
                                            : manifest.error().message());
  }
  if (damaged->empty()) return Fail(Code::kNotFound, run_folder + " holds no such checkpoint");
  return Fail(Code::kDataLoss, damaged->front() + "; " + run_folder + " holds no older good checkpoint");
}

// The number in "step-000000000100"; 0 for other names.
int64_t StepOf(const std::string& name) {
  int64_t step = 0;
  if (!name.starts_with("step-")) return 0;
  std::from_chars(name.data() + 5, name.data() + name.size(), step);
  return step;
}

Status CopyFile(const std::string& from, const std::string& folder, const std::string& name) {
  auto source = MappedFile::Open(from);
  if (!source.has_value()) return Fail(source.error());
  auto target = FileWriter::Create(folder, name);
  if (!target.has_value()) return Fail(target.error());
  OPTFLEET_RETURN_IF_ERROR(target->Write((*source)->text()));
  auto line = target->Finish();
  if (!line.has_value()) return Fail(line.error());
  return {};
}

Status CopyFiles(const std::string& from, const rundir::ManifestDocument& manifest, const std::string& to) {
  for (const auto& file : manifest.files)
    OPTFLEET_RETURN_IF_ERROR(CopyFile(from + "/" + file.name, to, file.name));
  OPTFLEET_RETURN_IF_ERROR(CopyFile(from + "/" + rundir::kManifestFile, to, rundir::kManifestFile));
  const auto copied = rundir::ReadGoodManifest(to);
  if (!copied.has_value()) return Fail(copied.error());
  return {};
}

}  // namespace

Status SyncFolder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Fail(ErrnoError(errno, folder));
  const bool synced = fsync(descriptor) == 0;
  const int error = errno;
  close(descriptor);
  if (!synced) return Fail(ErrnoError(error, "fsync " + folder));
  return {};
}

std::vector<int64_t> CheckpointSteps(const std::string& run_folder) {
  std::vector<int64_t> steps;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run_folder + "/" + rundir::kCheckpoints, error)) {
    const int64_t step = StepOf(entry.path().filename().string());
    if (step > 0) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

void ApplyRetention(const std::string& run_folder, const Retention& retention) {
  const std::string folder = run_folder + "/" + rundir::kCheckpoints;
  const auto before = rundir::ReadKeptSteps(run_folder);
  if (before.value_or(std::vector<int64_t>{-1}) != retention.kept) {
    const Status written = rundir::WriteKeptSteps(run_folder, retention.kept);
    if (!written.has_value()) {
      Log(Level::kWarn, "checkpoint.prune_failed", {{"error", written.error().message()}});
      return;
    }
  }
  for (const int64_t step : retention.doomed) {
    const std::string name = CheckpointFolder(step);
    const std::string doomed = folder + "/.tmp-old-" + name;
    std::error_code error;
    fs::rename(folder + "/" + name, doomed, error);
    if (!error) fs::remove_all(doomed, error);
    if (error)
      Log(Level::kWarn, "checkpoint.prune_failed", {{"checkpoint", name}, {"error", error.message()}});
  }
}

Result<rundir::Checkpoint> ChooseCheckpoint(const std::string& path, std::vector<std::string>* damaged) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  const fs::path folder = whole.has_filename() ? whole : whole.parent_path();
  std::error_code error;
  if (fs::is_directory(folder / rundir::kCheckpoints, error))
    return ChooseIn(folder.string(), kAnyStep, damaged);
  const int64_t step = StepOf(folder.filename().string());
  if (folder.parent_path().filename() == rundir::kCheckpoints && step > 0)
    return ChooseIn(folder.parent_path().parent_path().string(), step, damaged);
  if (!fs::is_directory(folder, error)) return Fail(Code::kNotFound, path + " is no folder");
  auto manifest = rundir::ReadGoodManifest(folder.string());
  if (!manifest.has_value()) return Fail(manifest.error());
  return rundir::Checkpoint{folder.string(), std::move(*manifest)};
}

Status CopyCheckpoint(const std::string& from, const std::string& to) {
  const auto manifest = rundir::ReadGoodManifest(from);
  if (!manifest.has_value()) return Fail(manifest.error());
  const fs::path target = fs::absolute(to).lexically_normal();
  std::error_code error;
  if (fs::exists(target, error)) return Fail(Code::kAlreadyExists, to + " is there already");
  const std::string temporary = (target.parent_path() / (".tmp-" + target.filename().string())).string();
  fs::remove_all(temporary, error);
  fs::create_directories(temporary, error);
  if (error) return Fail(ErrnoError(error.value(), "create " + temporary));
  Status copied = CopyFiles(from, *manifest, temporary);
  if (copied.has_value()) copied = SyncFolder(temporary);
  if (copied.has_value() && rename(temporary.c_str(), target.c_str()) != 0)
    copied = Fail(ErrnoError(errno, "rename " + temporary));
  if (copied.has_value()) return SyncFolder(target.parent_path().string());
  fs::remove_all(temporary, error);
  return Fail(copied.error().In("copy of " + from));
}

}  // namespace optfleet::trainer
