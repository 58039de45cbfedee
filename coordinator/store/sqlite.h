// SQLite behind values and Results: connection, statement, transaction. The only header that knows the C
// interface.
//
// A connection and its statements belong to one thread. Errors are one sentence with a remedy:
//   RESOURCE_EXHAUSTED disk full   DATA_LOSS not a database or damaged   PERMISSION_DENIED cannot be opened
//   or written CANCELLED interrupted UNAVAILABLE busy or an I/O error   INTERNAL anything else (a mistake in
//   this program)
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "common/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace optfleet::store {

class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  // Binds all parameters in order; integers, doubles (a NaN becomes NULL), text, nullopt (NULL). Text must
  // live until the next Run, Step or Reset that uses it has returned.
  template <typename... Values>
  Statement& Bind(const Values&... values) {
    Reset();
    int index = 0;
    (BindOne(++index, values), ...);
    return *this;
  }
  // One parameter, from 1, leaving the others.
  template <typename Value>
  void BindOne(int index, const Value& value) {
    if constexpr (std::is_same_v<Value, std::nullopt_t>) {
      BindNull(index);
    } else if constexpr (std::is_floating_point_v<Value>) {
      BindReal(index, value);
    } else if constexpr (std::is_integral_v<Value>) {
      BindInt(index, static_cast<int64_t>(value));
    } else {
      BindText(index, value);
    }
  }
  template <typename Value>
  void BindOne(int index, const std::optional<Value>& value) {
    if (value) {
      BindOne(index, *value);
    } else {
      BindNull(index);
    }
  }

  Result<bool> Step();  // true: a row is there; false: no more rows
  Status Run();         // to the end, ready to be bound again
  void Reset();

  // Columns of the current row, from 0.
  bool IsNull(int column) const;
  int64_t Int(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;
  std::string_view View(int column) const;  // good until the next call of this statement

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  void BindNull(int index);
  void BindInt(int index, int64_t value);
  void BindReal(int index, double value);
  void BindText(int index, std::string_view value);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Connection {
 public:
  enum class Mode { kReadWriteCreate, kReadOnly };
  // `vfs` names the SQLite VFS; empty: the default.
  static Result<Connection> Open(const std::string& path, Mode mode, const std::string& vfs = {});

  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&&) noexcept = default;

  Status Execute(const std::string& sql);  // any number of statements without parameters
  Result<Statement> Prepare(std::string_view sql);
  // As Prepare, but a statement of this text that was given back is taken again: preparing costs more than
  // many a read. For texts of which there are few.
  Result<Statement> Borrow(std::string_view sql);
  void GiveBack(std::string_view sql, Statement statement);
  Result<int64_t> QueryInt(std::string_view sql);  // first column of the first row
  Result<std::string> QueryText(std::string_view sql);
  // Copies everything into another, empty database. `go_on(share)` is asked between portions with the share
  // that is done; false gives up with CANCELLED.
  Status CopyInto(Connection* target, const std::function<bool(double)>& go_on);
  // Makes the statement that runs now fail with CANCELLED. The one call that another thread may make, as long
  // as the connection lives.
  void Interrupt();
  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Connection(std::string path, sqlite3* database) : path_(std::move(path)), database_(database) {}
  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
  std::map<std::string, Statement, std::less<>> idle_;  // given back
};

// BEGIN IMMEDIATE (or, for readers, BEGIN) until Commit; rolled back if that is never reached.
class Transaction {
 public:
  enum class Kind { kWrite, kRead };
  static Result<Transaction> Begin(Connection* connection, Kind kind);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status Commit();

 private:
  explicit Transaction(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

}  // namespace optfleet::store
