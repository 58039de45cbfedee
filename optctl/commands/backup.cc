// optctl backup: a copy of a coordinator's databases while it runs.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <thread>

#include "common/text.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/program.h"

namespace optfleet::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string folder;
  bool keep = false;
};

// A file that is written to its end and on disk when Close has returned.
class Target {
 public:
  static Result<Target> Create(const std::string& path) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return Fail(ErrnoError(errno, path));
    return Target(path, file);
  }
  Target(Target&& other) noexcept : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}
  Target& operator=(Target&&) = delete;
  ~Target() {
    if (file_ >= 0) close(file_);
  }

  Status Write(const std::string& data) {
    for (size_t done = 0; done < data.size();) {
      const ssize_t written = write(file_, data.data() + done, data.size() - done);
      if (written < 0 && errno != EINTR) return Fail(ErrnoError(errno, path_));
      if (written > 0) done += static_cast<size_t>(written);
    }
    return {};
  }
  Status Sync() {
    if (fsync(file_) != 0) return Fail(ErrnoError(errno, path_));
    return {};
  }

 private:
  Target(std::string path, int file) : path_(std::move(path)), file_(file) {}
  std::string path_;
  int file_;
};

Result<v1::Backup> WaitUntilMade(Client* client, v1::Backup backup) {
  while (backup.state() == v1::Backup::STATE_MAKING) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    auto next = client->GetBackup(backup.name());
    if (!next) return Fail(std::move(next).error());
    backup = *std::move(next);
  }
  if (backup.state() == v1::Backup::STATE_READY) return backup;
  return Fail(Code::kInternal, "the backup could not be made: " + backup.error());
}

Status Fetch(Client* client, const v1::Backup& backup, const v1::BackupFile& file, const std::string& path) {
  auto target = Target::Create(path);
  if (!target) return Fail(std::move(target).error());
  int64_t offset = 0;
  while (offset < file.bytes()) {
    const auto piece = client->ReadBackup(backup.name(), file.name(), offset);
    if (!piece) return Fail(piece.error());
    if (piece->empty()) return Fail(Code::kDataLoss, file.name() + " became shorter while it was fetched");
    OPTFLEET_RETURN_IF_ERROR(target->Write(*piece));
    offset += static_cast<int64_t>(piece->size());
  }
  return target->Sync();
}

// Into a folder of another name first, so that a folder of the right name is a whole backup.
Status FetchAll(Client* client, const v1::Backup& backup, const std::string& folder) {
  const std::string partial = folder + ".partial";
  std::error_code failed;
  fs::remove_all(partial, failed);
  fs::create_directories(partial, failed);
  if (failed) return Fail(ErrnoError(failed.value(), partial));
  for (const v1::BackupFile& file : backup.files()) {
    // Names come over the wire: nothing is written outside the folder.
    const std::string name = fs::path(file.name()).filename().string();
    if (Status fetched = Fetch(client, backup, file, partial + "/" + name); !fetched) {
      fs::remove_all(partial, failed);
      return fetched;
    }
  }
  fs::rename(partial, folder, failed);
  if (failed) return Fail(ErrnoError(failed.value(), folder));
  return {};
}

int64_t BytesOf(const v1::Backup& backup) {
  int64_t bytes = 0;
  for (const v1::BackupFile& file : backup.files()) bytes += file.bytes();
  return bytes;
}

void Show(const Context& context, const v1::Backup& backup, const std::string& place, bool kept) {
  if (context.json()) {
    Json files = Json::array();
    for (const v1::BackupFile& file : backup.files())
      files.push_back({{"name", file.name()}, {"bytes", file.bytes()}});
    context.console.PrintJson(
        {{"backup", {{"name", backup.name()}, {"folder", place}, {"files", files}, {"kept", kept}}}});
    return;
  }
  context.console.Print("backup of " + FormatBytes(BytesOf(backup)) + " in " + place + "\n" +
                        "restore with: opt-coordinator --state DIR --restore " + place + "\n");
}

Result<int> Backup(Context& context, const Options& options) {
  std::error_code ignored;
  if (!options.folder.empty() && fs::exists(options.folder, ignored))
    return Fail(Code::kAlreadyExists, options.folder + " exists; a backup goes into a new folder");
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  auto begun = client->CreateBackup();
  if (!begun) return Fail(std::move(begun).error());
  const auto backup = WaitUntilMade(&*client, *std::move(begun));
  if (!backup) return Fail(backup.error());
  if (options.folder.empty()) {
    Show(context, *backup, backup->folder(), true);
    return kExitOk;
  }
  OPTFLEET_RETURN_IF_ERROR(FetchAll(&*client, *backup, options.folder));
  if (!options.keep) OPTFLEET_RETURN_IF_ERROR(client->DeleteBackup(backup->name()));
  Show(context, *backup, options.folder, options.keep);
  return kExitOk;
}

}  // namespace

void AddBackup(Program& program) {
  CLI::App& command =
      program.Command("backup", "Copy a coordinator's databases while it runs",
                      "  optctl backup /backups/monday\n"
                      "  optctl backup                   into the state folder of the coordinator");
  auto options = std::make_shared<Options>();
  command.add_option("DIR", options->folder,
                     "New folder on this machine; the coordinator's own if not given");
  command.add_flag("--keep", options->keep, "Leave the copy in the coordinator's state folder, too");
  program.Formats(command, {"table", "json"});
  program.On(command, [options](Context& context) { return Backup(context, *options); });
}

}  // namespace optfleet::commands
