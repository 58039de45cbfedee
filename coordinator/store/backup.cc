#include "coordinator/store/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "coordinator/store/sqlite.h"

namespace optfleet::store {
namespace {

namespace fs = std::filesystem;

// The content of a file, or the entries of a folder, survive a crash of the machine.
Status Sync(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Fail(ErrnoError(errno, path));
  const int failed = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  if (failed != 0) return Fail(ErrnoError(failed, path));
  return {};
}

Status Copy(const std::string& from, const std::string& to, const std::function<bool(double)>& go_on) {
  auto source = Connection::Open(from, Connection::Mode::kReadOnly);
  if (!source.has_value()) return Fail(std::move(source).error());
  OPTFLEET_RETURN_IF_ERROR(source->Execute("PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0"));
  // One transaction holds one moment for as long as the copy takes.
  auto moment = Transaction::Begin(&*source, Transaction::Kind::kRead);
  if (!moment.has_value()) return Fail(std::move(moment).error());
  const auto begun = source->QueryInt("SELECT count(*) FROM sqlite_schema");
  if (!begun.has_value()) return Fail(begun.error());
  {
    auto target = Connection::Open(to, Connection::Mode::kReadWriteCreate);
    if (!target.has_value()) return Fail(std::move(target).error());
    OPTFLEET_RETURN_IF_ERROR(target->Execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF"));
    OPTFLEET_RETURN_IF_ERROR(source->CopyInto(&*target, go_on));
  }
  OPTFLEET_RETURN_IF_ERROR(moment->Commit());
  return Sync(to);
}

}  // namespace

Status CopyDatabase(const std::string& from, const std::string& to,
                    const std::function<bool(double)>& go_on) {
  std::error_code ignored;
  if (fs::exists(to, ignored)) return Fail(Code::kAlreadyExists, to + " exists");
  if (const Status copied = Copy(from, to, go_on); !copied) {
    for (const char* ending : {"", "-wal", "-shm", "-journal"}) fs::remove(to + ending, ignored);
    return copied;
  }
  return {};
}

Status CopyDatabases(const std::string& folder, const std::string& to,
                     const std::function<bool(double)>& go_on) {
  const std::string state = folder + "/" + kStateFile;
  const std::string metrics = folder + "/" + kMetricsFile;
  std::error_code ignored;
  const auto state_bytes = static_cast<double>(fs::file_size(state, ignored));
  const auto metrics_bytes = static_cast<double>(fs::file_size(metrics, ignored));
  const double share = state_bytes / (state_bytes + metrics_bytes);
  OPTFLEET_RETURN_IF_ERROR(
      CopyDatabase(state, to + "/" + kStateFile, [&](double done) { return go_on(done * share); }));
  OPTFLEET_RETURN_IF_ERROR(CopyDatabase(metrics, to + "/" + kMetricsFile,
                                        [&](double done) { return go_on(share + done * (1 - share)); }));
  return Sync(to);
}

}  // namespace optfleet::store
