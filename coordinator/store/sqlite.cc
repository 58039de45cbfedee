#include "coordinator/store/sqlite.h"

#include <sqlite3.h>
#include <cerrno>

namespace optfleet::store {
namespace {

Error Translate(int code, int system_errno, const std::string& path, const std::string& detail) {
  const int primary = code & 0xff;
  const bool disk_full = primary == SQLITE_FULL || (primary == SQLITE_IOERR && system_errno == ENOSPC) ||
                         (primary == SQLITE_IOERR && system_errno == EDQUOT);
  if (disk_full) {
    return Error(Code::kResourceExhausted, path + ": the disk is full; free some space and start again");
  }
  switch (primary) {
    case SQLITE_NOTADB:
      return Error(
          Code::kDataLoss,
          path + " is not a database of this program; restore a backup, or move it away to begin anew");
    case SQLITE_CORRUPT:
      return Error(Code::kDataLoss,
                   path + " is damaged (" + detail + "); restore a backup, or move it away to begin anew");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return Error(Code::kPermissionDenied, path + " cannot be opened for writing (" + detail +
                                                "); check the owner and mode of its folder");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(Code::kUnavailable, path + " is held by another program; close it and try again");
    case SQLITE_INTERRUPT:
      return Error(Code::kCancelled, path + ": the work on it was given up");
    case SQLITE_IOERR:
      return Error(Code::kUnavailable, path + ": the disk failed (" + detail + "); look at the system log");
    default:
      return Error(Code::kInternal, path + ": " + detail);
  }
}

Error ErrorOf(sqlite3* database) {
  const char* name = sqlite3_db_filename(database, "main");
  return Translate(sqlite3_extended_errcode(database), sqlite3_system_errno(database),
                   name == nullptr || *name == '\0' ? ":memory:" : name, sqlite3_errmsg(database));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Connection::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

// Binding fails only for an index that the statement does not have, which the first test of a statement would
// show as an error of Step.
void Statement::BindNull(int index) { sqlite3_bind_null(statement_.get(), index); }
void Statement::BindInt(int index, int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
void Statement::BindReal(int index, double value) { sqlite3_bind_double(statement_.get(), index, value); }
void Statement::BindText(int index, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Fail(ErrorOf(sqlite3_db_handle(statement_.get())));
}

Status Statement::Run() {
  while (true) {
    const Result<bool> row = Step();
    if (!row.has_value()) {
      Reset();
      return Fail(row.error());
    }
    if (!*row) break;
  }
  Reset();
  return {};
}

void Statement::Reset() { sqlite3_reset(statement_.get()); }

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}
int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double Statement::Real(int column) const { return sqlite3_column_double(statement_.get(), column); }
std::string Statement::Text(int column) const { return std::string(View(column)); }
std::string_view Statement::View(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return "";
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<Connection> Connection::Open(const std::string& path, Mode mode, const std::string& vfs) {
  // Threads of a process would otherwise take one lock at every allocation, to count what nobody asks for.
  // Refused, and only slower, where SQLite was in use before (a test that registers a VFS).
  [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const int flags =
      mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  Connection connection(path, raw);
  if (raw == nullptr) return Fail(Code::kResourceExhausted, path + ": out of memory");
  if (code != SQLITE_OK) return Fail(Translate(code, sqlite3_system_errno(raw), path, sqlite3_errmsg(raw)));
  sqlite3_busy_timeout(raw, 5000);
  return connection;
}

Status Connection::Execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return Fail(ErrorOf(database_.get()));
}

Result<Statement> Connection::Prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return Fail(ErrorOf(database_.get()));
  return Statement(raw);
}

Result<Statement> Connection::Borrow(std::string_view sql) {
  const auto idle = idle_.find(sql);
  if (idle == idle_.end()) return Prepare(sql);
  Statement statement = std::move(idle->second);
  idle_.erase(idle);
  return statement;
}

void Connection::GiveBack(std::string_view sql, Statement statement) {
  statement.Reset();
  idle_.insert_or_assign(std::string(sql), std::move(statement));
}

Result<int64_t> Connection::QueryInt(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement.has_value()) return Fail(statement.error());
  auto row = statement->Step();
  if (!row.has_value()) return Fail(row.error());
  return *row ? statement->Int(0) : 0;
}

Result<std::string> Connection::QueryText(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement.has_value()) return Fail(statement.error());
  auto row = statement->Step();
  if (!row.has_value()) return Fail(row.error());
  return *row ? statement->Text(0) : std::string();
}

Status Connection::CopyInto(Connection* target, const std::function<bool(double)>& go_on) {
  constexpr int kPages = 512;  // 2 MiB
  sqlite3_backup* backup = sqlite3_backup_init(target->database_.get(), "main", database_.get(), "main");
  if (backup == nullptr) return Fail(ErrorOf(target->database_.get()));
  int code = SQLITE_OK;
  bool wanted = true;
  while (code == SQLITE_OK && wanted) {
    code = sqlite3_backup_step(backup, kPages);
    const int total = sqlite3_backup_pagecount(backup);
    const int left = sqlite3_backup_remaining(backup);
    wanted = go_on(total == 0 ? 0 : static_cast<double>(total - left) / total);
  }
  sqlite3_backup_finish(backup);
  if (code == SQLITE_DONE) return {};
  if (code == SQLITE_OK) return Fail(Code::kCancelled, path_ + ": the copy was given up");
  return Fail(ErrorOf(target->database_.get()));
}

void Connection::Interrupt() { sqlite3_interrupt(database_.get()); }

Result<Transaction> Transaction::Begin(Connection* connection, Kind kind) {
  OPTFLEET_RETURN_IF_ERROR(connection->Execute(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN"));
  return Transaction(connection);
}

Transaction::~Transaction() {
  // Fails only if SQLite has rolled back by itself already.
  if (connection_ != nullptr) (void)connection_->Execute("ROLLBACK");
}

Status Transaction::Commit() {
  OPTFLEET_RETURN_IF_ERROR(connection_->Execute("COMMIT"));
  connection_ = nullptr;
  return {};
}

}  // namespace optfleet::store
