#include "tests/bench/support/database.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace optfleet::bench {
namespace {

[[noreturn]] void Die(sqlite3* database, const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), database == nullptr ? "?" : sqlite3_errmsg(database));
  std::exit(1);
}

}  // namespace

bool Query::Row() {
  const int code = sqlite3_step(get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) Die(sqlite3_db_handle(get()), sqlite3_sql(get()));
  sqlite3_reset(get());
  return false;
}

void Query::Run() {
  while (Row()) {
  }
}

Database Database::Create(const std::string& path, int cache_kib, int checkpoint_pages) {
  RemoveDatabase(path);
  sqlite3* raw = nullptr;
  if (sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK)
    Die(raw, path);
  Database database(path, raw);
  database.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -" +
                   std::to_string(cache_kib) +
                   "; PRAGMA wal_autocheckpoint = " + std::to_string(checkpoint_pages));
  return database;
}

Database Database::OpenForReading(const std::string& path) {
  sqlite3* raw = nullptr;
  if (sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK)
    Die(raw, path);
  return {path, raw};
}

void Database::Execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    Die(database_.get(), sql);
}

Query Database::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK)
    Die(database_.get(), sql);
  return Query(statement);
}

int64_t Database::Checkpoint() {
  if (sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) !=
      SQLITE_OK)
    Die(database_.get(), "checkpoint");
  return static_cast<int64_t>(std::filesystem::file_size(path_));
}

void RemoveDatabase(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
}

}  // namespace optfleet::bench
