// Layouts of rows: what the plain sqlite3 shell can read.
#include <utility>

#include "tests/bench/layouts/layout.h"

namespace optfleet::bench {
namespace {

std::string Columns() {
  std::string columns;
  for (const std::string_view key : kKeys) columns += ", " + std::string(key) + " REAL";
  return columns;
}

std::string Parameters(size_t count) {
  std::string text = "?";
  for (size_t i = 1; i < count; ++i) text += ", ?";
  return text;
}

// Binds step, time, nan_keys and the figures from parameter `at` on.
void BindStep(sqlite3_stmt* insert, int at, const Step& step) {
  sqlite3_bind_int64(insert, at, step.step);
  sqlite3_bind_int64(insert, at + 1, step.time_us);
  sqlite3_bind_null(insert, at + 2);
  for (size_t i = 0; i < kKeys.size(); ++i)
    sqlite3_bind_double(insert, at + 3 + static_cast<int>(i), step.values[i]);
}

// Runs a query of (step, value) rows.
void VisitRows(Query query, const Layout::Visit& visit) {
  while (query.Row()) visit(sqlite3_column_int64(query.get(), 0), sqlite3_column_double(query.get(), 1));
}

class PointRows final : public Layout {
 public:
  explicit PointRows(Database* database) : insert_(Create(database)) {}
  static Query Create(Database* database) {
    database->Execute(
        "CREATE TABLE points(attempt INTEGER NOT NULL, key INTEGER NOT NULL, number INTEGER NOT NULL, "
        "step INTEGER NOT NULL, time INTEGER NOT NULL, value REAL, PRIMARY KEY (attempt, key, number)) "
        "WITHOUT ROWID");
    return database->Prepare("INSERT INTO points VALUES (?, ?, ?, ?, ?, ?)");
  }
  void Insert(const Run& run) override {
    for (size_t key = 0; key < kKeys.size(); ++key) {
      int64_t number = run.first;
      for (const Step& step : run.steps) {
        sqlite3_bind_int64(insert_.get(), 1, run.attempt);
        sqlite3_bind_int64(insert_.get(), 2, static_cast<int64_t>(key));
        sqlite3_bind_int64(insert_.get(), 3, number++);
        sqlite3_bind_int64(insert_.get(), 4, step.step);
        sqlite3_bind_int64(insert_.get(), 5, step.time_us);
        sqlite3_bind_double(insert_.get(), 6, step.values[key]);
        insert_.Run();
      }
    }
  }
  void Read(Database* reader, int attempt, size_t key, const Visit& visit) const override {
    VisitRows(reader->Prepare("SELECT step, value FROM points WHERE attempt = " + std::to_string(attempt) +
                              " AND key = " + std::to_string(key) + " ORDER BY number"),
              visit);
  }

 private:
  Query insert_;
};

// Metrics.db of version 1.
class WideByKey final : public Layout {
 public:
  explicit WideByKey(Database* database) : insert_(Create(database)) {}
  static Query Create(Database* database) {
    database->Execute(
        "CREATE TABLE records(attempt INTEGER NOT NULL, number INTEGER NOT NULL, step INTEGER NOT NULL, time "
        "INTEGER NOT NULL, nan_keys TEXT" +
        Columns() + ", PRIMARY KEY (attempt, number)) WITHOUT ROWID");
    return database->Prepare("INSERT INTO records VALUES (" + Parameters(5 + kKeys.size()) + ")");
  }
  void Insert(const Run& run) override {
    int64_t number = run.first;
    for (const Step& step : run.steps) {
      sqlite3_bind_int64(insert_.get(), 1, run.attempt);
      sqlite3_bind_int64(insert_.get(), 2, number++);
      BindStep(insert_.get(), 3, step);
      insert_.Run();
    }
  }
  void Read(Database* reader, int attempt, size_t key, const Visit& visit) const override {
    VisitRows(reader->Prepare("SELECT step, " + std::string(kKeys[key]) + " FROM records WHERE attempt = " +
                              std::to_string(attempt) + " ORDER BY number"),
              visit);
  }

 private:
  Query insert_;
};

// Attempt and number are one integer, which is the row's own key: clustered the same, but SQLite compares
// integers instead of decoding keys, and its inner pages hold keys instead of whole rows.
class WideByInteger final : public Layout {
 public:
  explicit WideByInteger(Database* database) : insert_(Create(database)) {}
  static Query Create(Database* database) {
    database->Execute(
        "CREATE TABLE records(id INTEGER PRIMARY KEY, step INTEGER NOT NULL, time INTEGER NOT NULL, nan_keys "
        "TEXT" +
        Columns() + ")");
    return database->Prepare("INSERT INTO records VALUES (" + Parameters(4 + kKeys.size()) + ")");
  }
  void Insert(const Run& run) override {
    int64_t id = (static_cast<int64_t>(run.attempt) << 32) + run.first;
    for (const Step& step : run.steps) {
      sqlite3_bind_int64(insert_.get(), 1, id++);
      BindStep(insert_.get(), 2, step);
      insert_.Run();
    }
  }
  void Read(Database* reader, int attempt, size_t key, const Visit& visit) const override {
    const int64_t first = static_cast<int64_t>(attempt) << 32;
    VisitRows(reader->Prepare("SELECT step, " + std::string(kKeys[key]) + " FROM records WHERE id BETWEEN " +
                              std::to_string(first) + " AND " + std::to_string(first + 0xffffffff) +
                              " ORDER BY id"),
              visit);
  }

 private:
  Query insert_;
};

// Rows in the order of arrival, and which of them belong to which attempt.
class WideByArrival final : public Layout {
 public:
  explicit WideByArrival(Database* database)
      : insert_(Create(database)), chunk_(database->Prepare("INSERT INTO chunks VALUES (?, ?, ?, ?)")) {}
  static Query Create(Database* database) {
    database->Execute("CREATE TABLE records(step INTEGER NOT NULL, time INTEGER NOT NULL, nan_keys TEXT" +
                      Columns() +
                      "); CREATE TABLE chunks(attempt INTEGER, first_record INTEGER, last_record INTEGER, "
                      "first_row INTEGER, PRIMARY KEY (attempt, first_record)) WITHOUT ROWID");
    return database->Prepare("INSERT INTO records VALUES (" + Parameters(3 + kKeys.size()) + ")");
  }
  void Insert(const Run& run) override {
    sqlite3_bind_int64(chunk_.get(), 1, run.attempt);
    sqlite3_bind_int64(chunk_.get(), 2, run.first);
    sqlite3_bind_int64(chunk_.get(), 3, run.first + static_cast<int64_t>(run.steps.size()) - 1);
    sqlite3_bind_int64(chunk_.get(), 4, rows_ + 1);
    chunk_.Run();
    rows_ += static_cast<int64_t>(run.steps.size());
    for (const Step& step : run.steps) {
      BindStep(insert_.get(), 1, step);
      insert_.Run();
    }
  }
  void Read(Database* reader, int attempt, size_t key, const Visit& visit) const override {
    VisitRows(reader->Prepare(
                  "SELECT step, " + std::string(kKeys[key]) +
                  " FROM chunks CROSS JOIN records ON records.rowid BETWEEN chunks.first_row AND "
                  "chunks.first_row + chunks.last_record - chunks.first_record WHERE chunks.attempt = " +
                  std::to_string(attempt) + " ORDER BY chunks.first_record, records.rowid"),
              visit);
  }

 private:
  Query insert_;
  Query chunk_;
  int64_t rows_ = 0;
};

template <typename Kind>
LayoutKind Named(std::string name, std::string what) {
  return {std::move(name), std::move(what),
          [](Database* database) { return std::make_unique<Kind>(database); }};
}

}  // namespace

std::vector<LayoutKind> RowLayouts() {
  return {
      Named<PointRows>("points", "a row per point, clustered by (attempt, key, number)"),
      Named<WideByKey>("wide", "a row per record, clustered by (attempt, number)"),
      Named<WideByInteger>("wide_integer", "a row per record, clustered by one integer of both"),
      Named<WideByArrival>("wide_arrival", "a row per record in order of arrival, with a table of chunks")};
}

}  // namespace optfleet::bench
