#include "coordinator/store/integrity.h"

#include <atomic>
#include <filesystem>
#include <utility>

#include "coordinator/store/sqlite.h"

namespace optfleet::store {
namespace {

class SqliteCheck final : public IntegrityCheck {
 public:
  SqliteCheck(Connection connection, int64_t bytes) : connection_(std::move(connection)), bytes_(bytes) {}

  Status Run(Depth depth) override {
    if (interrupted_) return Fail(Code::kCancelled, connection_.path() + ": the check was given up");
    const auto verdict =
        connection_.QueryText(depth == Depth::kQuick ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)");
    if (!verdict.has_value()) return Fail(verdict.error());
    if (*verdict == "ok") return {};
    return Fail(Code::kDataLoss, connection_.path() + " is damaged (" + *verdict +
                                     "); restore a backup, or move it away to begin anew");
  }

  void Interrupt() override {
    interrupted_ = true;
    connection_.Interrupt();
  }

  int64_t bytes() const override { return bytes_; }

 private:
  Connection connection_;
  const int64_t bytes_;
  std::atomic<bool> interrupted_ = false;  // also before Run has begun
};

}  // namespace

Result<std::unique_ptr<IntegrityCheck>> IntegrityCheck::Open(const std::string& path) {
  auto connection = Connection::Open(path, Connection::Mode::kReadOnly);
  if (!connection.has_value()) return Fail(std::move(connection).error());
  OPTFLEET_RETURN_IF_ERROR(connection->Execute("PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0"));
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return std::make_unique<SqliteCheck>(*std::move(connection), missing ? 0 : static_cast<int64_t>(size));
}

}  // namespace optfleet::store
