// Putting a backup in the place of state.db.
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "coordinator/store/backup.h"
#include "coordinator/store/folder.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/sqlite.h"
#include "coordinator/store/state_store.h"

namespace optfleet::store {
namespace {

namespace fs = std::filesystem;

Status Copy(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) return Fail(ErrnoError(error.value(), "copying " + from + " to " + to));
  return {};
}

void RemoveWal(const std::string& path) {
  std::error_code ignored;
  fs::remove(path + "-wal", ignored);
  fs::remove(path + "-shm", ignored);
}

// Of the database that is replaced; 0 if it cannot be read any more. Its WAL is in its file afterwards.
int64_t IncarnationToReplace(const std::string& path) {
  if (!fs::exists(path)) return 0;
  auto connection = OpenForWriting(path, kStateSchema);
  if (!connection.has_value()) return 0;
  return connection->QueryInt("SELECT value FROM meta WHERE key = 'incarnation'").value_or(0);
}

// Closes the file again, so that all of it is in the one file.
Status RaiseIncarnation(const std::string& path, int64_t above) {
  auto connection = OpenForWriting(path, kStateSchema);
  if (!connection.has_value()) return Fail(connection.error());
  auto statement = connection->Prepare("UPDATE meta SET value = max(value, ?) + 1 WHERE key = 'incarnation'");
  if (!statement.has_value()) return Fail(statement.error());
  OPTFLEET_RETURN_IF_ERROR(statement->Bind(above).Run());
  return connection->Execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

// Whole and of this program, before anything is replaced by it.
Status CheckBackup(const std::string& path, const Schema& schema) {
  auto connection = OpenForReading(path, schema);
  if (!connection.has_value()) return Fail(std::move(connection).error().In("the backup cannot be used"));
  const auto verdict = connection->QueryText("PRAGMA quick_check(1)");
  if (!verdict.has_value()) return Fail(verdict.error());
  if (*verdict == "ok") return {};
  return Fail(Code::kDataLoss, "the backup " + path + " is damaged (" + *verdict + "); take another");
}

// Under the folder's lock.
Status RestoreState(const std::string& folder, const std::string& backup) {
  const std::string path = folder + "/" + kStateFile;
  const std::string incoming = path + ".restoring";
  const int64_t replaced = IncarnationToReplace(path);
  RemoveWal(incoming);
  OPTFLEET_RETURN_IF_ERROR(Copy(backup, incoming));
  OPTFLEET_RETURN_IF_ERROR(RaiseIncarnation(incoming, replaced));
  RemoveWal(incoming);
  OPTFLEET_RETURN_IF_ERROR(SyncToDisk(incoming));
  if (fs::exists(path)) OPTFLEET_RETURN_IF_ERROR(Copy(path, path + ".replaced"));
  RemoveWal(path);
  if (rename(incoming.c_str(), path.c_str()) != 0) return Fail(ErrnoError(errno, path));
  return SyncToDisk(folder);
}

// The same for the metrics, which have no incarnation of their own.
Status RestoreMetrics(const std::string& folder, const std::string& backup) {
  const std::string path = folder + "/" + kMetricsFile;
  const std::string incoming = path + ".restoring";
  RemoveWal(incoming);
  OPTFLEET_RETURN_IF_ERROR(Copy(backup, incoming));
  OPTFLEET_RETURN_IF_ERROR(SyncToDisk(incoming));
  if (fs::exists(path)) {
    // What its WAL holds goes into the file that is kept, if it can still be read.
    if (auto old = OpenForWriting(path, kMetricsSchema); old.has_value())
      (void)old->Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    if (rename(path.c_str(), (path + ".replaced").c_str()) != 0) return Fail(ErrnoError(errno, path));
  }
  RemoveWal(path);
  if (rename(incoming.c_str(), path.c_str()) != 0) return Fail(ErrnoError(errno, path));
  return SyncToDisk(folder);
}

}  // namespace

Status RestoreBackup(const StoreOptions& options, const std::string& backup) {
  OPTFLEET_RETURN_IF_ERROR(RefuseNetworkDisk(options.folder, options.file_system_type));
  auto lock = FolderLock::Take(options.folder);
  if (!lock.has_value()) return Fail(lock.error());
  return RestoreState(options.folder, backup);
}

Status RestoreFolder(const StoreOptions& options, const std::string& backup) {
  const std::string state = backup + "/" + kStateFile;
  const std::string metrics = backup + "/" + kMetricsFile;
  if (!fs::exists(state))
    return Fail(Code::kNotFound, "there is no backup in " + backup + ": it has no " + kStateFile);
  OPTFLEET_RETURN_IF_ERROR(RefuseNetworkDisk(options.folder, options.file_system_type));
  auto lock = FolderLock::Take(options.folder);
  if (!lock.has_value()) return Fail(std::move(lock).error());
  OPTFLEET_RETURN_IF_ERROR(CheckBackup(state, kStateSchema));
  if (fs::exists(metrics)) OPTFLEET_RETURN_IF_ERROR(CheckBackup(metrics, kMetricsSchema));
  // Should this end in the middle, the metrics are ahead of the state, never behind; the next start (see
  // OpenStores) drops what is too much.
  OPTFLEET_RETURN_IF_ERROR(RestoreState(options.folder, state));
  return fs::exists(metrics) ? RestoreMetrics(options.folder, metrics) : Status();
}

}  // namespace optfleet::store
