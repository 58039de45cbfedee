#include "coordinator/store/schema.h"

#include <filesystem>

namespace optfleet::store {
namespace {

constexpr const char* kMemory = ":memory:";

Status CheckIdentity(Connection* connection, const Schema& schema) {
  const auto id = connection->QueryInt("PRAGMA application_id");
  if (!id.has_value()) return Fail(id.error());
  if (*id == schema.application_id) return {};
  return Fail(Code::kDataLoss,
              connection->path() +
                  " is not a database of this program; restore a backup, or move it away to begin anew");
}

Status CheckVersion(const std::string& path, int64_t found, int64_t known) {
  if (found <= known) return {};
  return Fail(Code::kFailedPrecondition, path + " has schema " + std::to_string(found) +
                                             ", this program knows up to " + std::to_string(known) +
                                             "; start the newer program that wrote it");
}

Status CheckForDamage(Connection* connection, const Schema& schema) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(connection->path(), missing);
  if (missing || static_cast<int64_t>(size) > schema.checked_bytes) return {};
  const auto verdict = connection->QueryText("PRAGMA quick_check(1)");
  if (!verdict.has_value()) return Fail(verdict.error());
  if (*verdict == "ok") return {};
  return Fail(Code::kDataLoss, connection->path() + " is damaged (" + *verdict +
                                   "); restore a backup, or move it away to begin anew");
}

Status CopyBefore(Connection* connection, int64_t version) {
  const std::string copy = connection->path() + ".before-" + std::to_string(version);
  std::error_code ignored;
  std::filesystem::remove(copy, ignored);
  auto statement = connection->Prepare("VACUUM INTO ?");
  if (!statement.has_value()) return Fail(statement.error());
  if (auto done = statement->Bind(copy).Run(); !done.has_value())
    return Fail(done.error().In("copying to " + copy));
  return {};
}

// Foreign keys are off meanwhile: a step may have to make a table anew that others refer to.
Status Migrate(Connection* connection, const Schema& schema, int64_t from) {
  auto transaction = Transaction::Begin(connection, Transaction::Kind::kWrite);
  if (!transaction.has_value()) return Fail(transaction.error());
  for (size_t step = static_cast<size_t>(from); step < schema.steps.size(); ++step) {
    OPTFLEET_RETURN_IF_ERROR(connection->Execute(schema.steps[step]));
  }
  const auto broken = connection->QueryInt("SELECT count(*) FROM pragma_foreign_key_check");
  if (!broken.has_value()) return Fail(broken.error());
  if (*broken > 0)
    return Fail(Code::kDataLoss, connection->path() + " contradicts itself (" + std::to_string(*broken) +
                                     " rows name others that do not exist); restore a backup");
  OPTFLEET_RETURN_IF_ERROR(
      connection->Execute("PRAGMA application_id = " + std::to_string(schema.application_id)));
  OPTFLEET_RETURN_IF_ERROR(
      connection->Execute("PRAGMA user_version = " + std::to_string(schema.steps.size())));
  return transaction->Commit();
}

// A process that was killed inside a commit leaves a transaction that is written and not synced. It is read,
// and acted upon, as if it were there for good; a commit of one page syncs the WAL, and all that is in it.
Status MakeDurable(Connection* connection, int64_t version) {
  return connection->Execute("PRAGMA user_version = " + std::to_string(version));
}

// 0 for a file that holds nothing yet.
Result<int64_t> VersionOf(Connection* connection, const Schema& schema) {
  const auto tables = connection->QueryInt("SELECT count(*) FROM sqlite_schema");
  if (!tables.has_value()) return Fail(tables.error());
  if (*tables == 0) return 0;
  OPTFLEET_RETURN_IF_ERROR(CheckIdentity(connection, schema));
  const auto version = connection->QueryInt("PRAGMA user_version");
  if (!version.has_value()) return Fail(version.error());
  OPTFLEET_RETURN_IF_ERROR(
      CheckVersion(connection->path(), *version, static_cast<int64_t>(schema.steps.size())));
  return *version;
}

}  // namespace

Result<Connection> OpenForWriting(const std::string& path, const Schema& schema, const std::string& vfs) {
  auto connection = Connection::Open(path, Connection::Mode::kReadWriteCreate, vfs);
  if (!connection.has_value()) return connection;
  const auto version = VersionOf(&*connection, schema);
  if (!version.has_value()) return Fail(version.error());
  if (*version > 0) OPTFLEET_RETURN_IF_ERROR(CheckForDamage(&*connection, schema));
  // The WAL is cut back to this size after a checkpoint; while it grows it is reported (wal_bytes).
  OPTFLEET_RETURN_IF_ERROR(
      connection->Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; "
                          "PRAGMA journal_size_limit = 67108864"));
  if (*version < static_cast<int64_t>(schema.steps.size())) {
    if (*version > 0 && path != kMemory) OPTFLEET_RETURN_IF_ERROR(CopyBefore(&*connection, *version));
    OPTFLEET_RETURN_IF_ERROR(Migrate(&*connection, schema, *version));
  } else {
    OPTFLEET_RETURN_IF_ERROR(MakeDurable(&*connection, *version));
  }
  OPTFLEET_RETURN_IF_ERROR(connection->Execute("PRAGMA foreign_keys = ON"));
  return connection;
}

Result<Connection> OpenForReading(const std::string& path, const Schema& schema, const std::string& vfs) {
  auto connection = Connection::Open(path, Connection::Mode::kReadOnly, vfs);
  if (!connection.has_value()) return connection;
  const auto version = VersionOf(&*connection, schema);
  if (!version.has_value()) return Fail(version.error());
  OPTFLEET_RETURN_IF_ERROR(connection->Execute("PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0"));
  return connection;
}

}  // namespace optfleet::store
