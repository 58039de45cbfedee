// SQLite as a plain C program uses it, without any layer of the product: the other side of a comparison. A
// failure ends the program. A database and its statements belong to one thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

namespace optfleet::bench {

class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* get() const { return statement_.get(); }
  bool Row();  // true: a row is there; false: the end, ready to be bound again
  void Run();  // a statement without rows

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  // A new file (an older one of that name is removed): WAL, synchronous=FULL, `cache_kib` of pages in memory,
  // a checkpoint after `checkpoint_pages` pages in the WAL.
  static Database Create(const std::string& path, int cache_kib, int checkpoint_pages);
  static Database OpenForReading(const std::string& path);

  void Execute(const std::string& sql);
  Query Prepare(const std::string& sql);
  // Everything into the main file; its size in bytes.
  int64_t Checkpoint();
  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  Database(std::string path, sqlite3* database) : path_(std::move(path)), database_(database) {}
  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
};

void RemoveDatabase(const std::string& path);

}  // namespace optfleet::bench
