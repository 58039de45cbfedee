#include "coordinator/app/backups.h"

#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <utility>

#include "common/log.h"
#include "coordinator/store/backup.h"

namespace optfleet::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMaking = ".making";

std::string IdAt(Time time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts));
}

Error NoSuch(const std::string& id) { return Error(Code::kNotFound, "there is no backups/" + id); }

std::vector<std::pair<std::string, int64_t>> FilesOf(const std::string& folder) {
  std::vector<std::pair<std::string, int64_t>> files;
  for (const char* name : {store::kStateFile, store::kMetricsFile}) {
    std::error_code missing;
    const auto bytes = fs::file_size(folder + "/" + name, missing);
    if (!missing) files.emplace_back(name, static_cast<int64_t>(bytes));
  }
  return files;
}

}  // namespace

Backups::Backups(std::string state_folder, std::function<Time()> now)
    : state_folder_(std::move(state_folder)), root_(state_folder_ + "/backups"), now_(std::move(now)) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root_, ignored)) {
    if (entry.path().extension() == kMaking) fs::remove_all(entry.path(), ignored);
  }
}

Backups::~Backups() {
  given_up_ = true;
  if (thread_.joinable()) thread_.join();
}

Result<rpc::BackupView> Backups::Begin() {
  std::unique_lock lock(mutex_);
  if (!newest_.empty() && making_.state == rpc::BackupView::State::kMaking) {
    return Fail(Code::kFailedPrecondition, "backups/" + newest_ + " is being made; wait until it is ready");
  }
  std::string id = IdAt(now_());
  for (int number = 2; fs::exists(FolderOf(id)); ++number) id = IdAt(now_()) + "-" + std::to_string(number);
  newest_ = id;
  making_ = rpc::BackupView();
  making_.id = id;
  making_.folder = FolderOf(id);
  const rpc::BackupView begun = making_;
  lock.unlock();
  if (thread_.joinable()) thread_.join();  // it has ended
  thread_ = std::thread([this, id] {
    const Status made = Make(id);
    const std::lock_guard end(mutex_);
    making_.state = made ? rpc::BackupView::State::kReady : rpc::BackupView::State::kFailed;
    making_.progress = made ? 1 : making_.progress;
    if (made) making_.files = FilesOf(FolderOf(id));
    if (!made) making_.error = made.error().message();
    Log(made ? Level::kInfo : Level::kError, made ? "backup.ready" : "backup.failed",
        {{"backup", "backups/" + id}, {"error", making_.error}});
  });
  return begun;
}

Status Backups::Make(const std::string& id) {
  const std::string making = FolderOf(id) + kMaking;
  std::error_code failed;
  fs::create_directories(making, failed);
  if (failed) return Fail(ErrnoError(failed.value(), making));
  chmod(root_.c_str(), 0700);
  const Status copied = store::CopyDatabases(state_folder_, making, [this](double share) {
    const std::lock_guard lock(mutex_);
    making_.progress = share;
    return !given_up_;
  });
  if (copied) fs::rename(making, FolderOf(id), failed);
  if (copied && !failed) return {};
  std::error_code ignored;
  fs::remove_all(making, ignored);
  return copied ? Status(Fail(ErrnoError(failed.value(), FolderOf(id)))) : copied;
}

Result<rpc::BackupView> Backups::Get(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  if (id == newest_ && making_.state != rpc::BackupView::State::kReady) return making_;
  if (!fs::exists(FolderOf(id))) return Fail(NoSuch(id));
  return rpc::BackupView{.id = id,
                         .state = rpc::BackupView::State::kReady,
                         .progress = 1,
                         .files = FilesOf(FolderOf(id)),
                         .error = {},
                         .folder = FolderOf(id)};
}

Result<std::string> Backups::Read(const std::string& id, const std::string& file, int64_t offset,
                                  size_t limit) const {
  const auto view = Get(id);
  if (!view) return Fail(view.error());
  if (view->state != rpc::BackupView::State::kReady)
    return Fail(Code::kFailedPrecondition, "backups/" + id + " is not ready");
  bool known = false;
  for (const auto& [name, bytes] : view->files) known = known || name == file;
  if (!known) return Fail(Code::kNotFound, "backups/" + id + " has no file " + file);
  std::ifstream stream(view->folder + "/" + file, std::ios::binary);
  stream.seekg(offset);
  std::string data(limit, '\0');
  stream.read(data.data(), static_cast<std::streamsize>(limit));
  if (stream.bad()) return Fail(ErrnoError(errno, view->folder + "/" + file));
  data.resize(static_cast<size_t>(stream.gcount()));
  return data;
}

Status Backups::Delete(const std::string& id) {
  const auto view = Get(id);
  if (!view) return Fail(view.error());
  if (view->state == rpc::BackupView::State::kMaking)
    return Fail(Code::kFailedPrecondition, "backups/" + id + " is being made; wait until it is ready");
  std::error_code failed;
  fs::remove_all(FolderOf(id), failed);
  if (failed) return Fail(ErrnoError(failed.value(), FolderOf(id)));
  return {};
}

}  // namespace optfleet::app
