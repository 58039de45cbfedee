#include "worker/process/folder_work.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "common/kept_path.h"
#include "common/rundir/layout.h"
#include "common/rundir/process_identity.h"
#include "worker/process/root.h"

namespace optfleet::worker {
namespace {

namespace fs = std::filesystem;

std::string TemporaryName(const fs::path& folder) {
  return (folder.parent_path() / (".tmp-" + folder.filename().string() + "-" + std::to_string(::getpid())))
      .string();
}

Status SyncFolder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Fail(ErrnoError(errno, "open " + path));
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  if (result != 0) return Fail(ErrnoError(error, "fsync " + path));
  return {};
}

Result<std::optional<rundir::ResumePoint>> FindResume(const std::string& root, const AttemptKey& parent,
                                                      std::vector<std::string>* damaged) {
  const auto name = FolderName(parent);
  if (!name) return Fail(name.error());
  const auto checkpoints = rundir::GoodCheckpoints(root + "/" + *name, damaged);
  if (checkpoints.empty()) return std::nullopt;
  const auto& newest = checkpoints.front();
  return rundir::ResumePoint{parent.attempt, newest.path, newest.manifest.step, newest.manifest.record};
}

// Checkpoints that their run keeps for good go to kept/; may be repeated after a crash.
Status RescueKept(const fs::path& folder) {
  const auto steps = rundir::ReadKeptSteps(folder.string());
  if (!steps) return Fail(steps.error());
  const fs::path shelf = folder.parent_path() / rundir::kKeptFolder / folder.filename();
  std::error_code error;
  for (const int64_t step : *steps) {
    const std::string name = CheckpointFolder(step);
    const fs::path from = folder / rundir::kCheckpoints / name;
    if (!fs::exists(from, error)) continue;
    fs::create_directories(shelf, error);
    if (!error) fs::rename(from, shelf / name, error);
    if (error) return Fail(ErrnoError(error.value(), "keep " + from.string() + " in " + shelf.string()));
  }
  return fs::exists(shelf, error) ? SyncFolder(shelf.string()) : Status();
}

}  // namespace

Result<Prepared> Prepare(const std::string& root, rundir::JobDocument job,
                         const std::optional<AttemptKey>& parent) {
  const auto name = FolderName({job.attempt, job.fence});
  if (!name) return Fail(name.error());
  if (!job.spec.is_object())
    return Fail(Code::kInvalidArgument, "the spec of " + job.attempt + " is not a JSON object");
  const auto boot = rundir::BootId();
  if (!boot) return Fail(boot.error());
  Prepared prepared{root + "/" + *name, std::move(job), {}};
  prepared.job.boot_id = *boot;
  std::error_code error;
  if (fs::exists(prepared.folder, error))
    return Fail(Code::kAlreadyExists, prepared.folder + " is there already and was not made for this start");
  if (parent) {
    const auto resume = FindResume(root, *parent, &prepared.damaged);
    if (!resume) return Fail(resume.error());
    prepared.job.resume = *resume;
  }
  const std::string temporary = TemporaryName(prepared.folder);
  fs::remove_all(temporary, error);
  if (!fs::create_directory(temporary, error)) return Fail(ErrnoError(error.value(), "make " + temporary));
  const std::string text = rundir::ToJson(prepared.job).dump(1) + "\n";
  auto status = rundir::WriteFileAtomically(temporary, rundir::kJobFile, text);
  if (status && ::rename(temporary.c_str(), prepared.folder.c_str()) != 0)
    status = Fail(ErrnoError(errno, "rename to " + prepared.folder));
  if (status) status = SyncFolder(root);
  if (status) return prepared;
  fs::remove_all(temporary, error);
  return Fail(status.error());
}

Status PruneFolder(const std::string& folder) {
  std::error_code error;
  fs::remove(folder + "/" + rundir::kTrainerLog, error);
  fs::remove(folder + "/" + rundir::kControlSocket, error);
  for (const std::string& parent : {folder, folder + "/" + rundir::kCheckpoints}) {
    std::vector<fs::path> leftovers;
    for (fs::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error))
      if (entry->path().filename().string().starts_with(".tmp-")) leftovers.push_back(entry->path());
    for (const auto& leftover : leftovers) fs::remove_all(leftover, error);
  }
  return {};
}

Status RemoveFolder(const std::string& folder) {
  std::error_code error;
  if (folder.empty() || !fs::exists(folder, error)) return {};
  if (const Status kept = RescueKept(folder); !kept && kept.error().code() != Code::kDataLoss)
    return kept;  // nothing is deleted; the engine asks again
  const std::string temporary = TemporaryName(folder);
  if (::rename(folder.c_str(), temporary.c_str()) != 0) return Fail(ErrnoError(errno, "rename " + folder));
  fs::remove_all(temporary, error);
  if (error) return Fail(ErrnoError(error.value(), "remove " + temporary));
  return {};
}

}  // namespace optfleet::worker
