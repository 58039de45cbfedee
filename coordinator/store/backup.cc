#include "coordinator/store/backup.h"

#include <filesystem>

#include "coordinator/store/folder.h"
#include "coordinator/store/sqlite.h"

namespace optfleet::store {
namespace {

namespace fs = std::filesystem;

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
  return SyncToDisk(to);
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
  return SyncToDisk(to);
}

}  // namespace optfleet::store
