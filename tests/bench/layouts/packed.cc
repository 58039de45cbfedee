// Blocks: one BLOB per hand-over. The plain sqlite3 shell cannot look into them.
#include <cstring>

#include "tests/bench/layouts/layout.h"

namespace optfleet::bench {
namespace {

// Column after column, 8 bytes each, nothing encoded: the least work that a block can be.
class Packed final : public Layout {
 public:
  explicit Packed(Database* database) : insert_(Create(database)) {}
  static Query Create(Database* database) {
    database->Execute(
        "CREATE TABLE blocks(attempt INTEGER, first_record INTEGER, count INTEGER, columns BLOB, PRIMARY KEY "
        "(attempt, first_record)) WITHOUT ROWID");
    return database->Prepare("INSERT INTO blocks VALUES (?, ?, ?, ?)");
  }
  void Insert(const Run& run) override {
    const size_t count = run.steps.size();
    block_.resize(count * (2 + kKeys.size()) * 8);
    for (size_t i = 0; i < count; ++i) {
      Put(i, &run.steps[i].step);
      Put(count + i, &run.steps[i].time_us);
      for (size_t key = 0; key < kKeys.size(); ++key) Put((2 + key) * count + i, &run.steps[i].values[key]);
    }
    sqlite3_bind_int64(insert_.get(), 1, run.attempt);
    sqlite3_bind_int64(insert_.get(), 2, run.first);
    sqlite3_bind_int64(insert_.get(), 3, static_cast<int64_t>(count));
    sqlite3_bind_blob64(insert_.get(), 4, block_.data(), block_.size(), SQLITE_STATIC);
    insert_.Run();
  }
  void Read(Database* reader, int attempt, size_t key, const Visit& visit) const override {
    Query query =
        reader->Prepare("SELECT count, columns FROM blocks WHERE attempt = " + std::to_string(attempt) +
                        " ORDER BY first_record");
    while (query.Row()) {
      const auto count = static_cast<size_t>(sqlite3_column_int64(query.get(), 0));
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(query.get(), 1));
      for (size_t i = 0; i < count; ++i) {
        int64_t step = 0;
        double value = 0;
        std::memcpy(&step, bytes + i * 8, 8);
        std::memcpy(&value, bytes + ((2 + key) * count + i) * 8, 8);
        visit(step, value);
      }
    }
  }

 private:
  void Put(size_t place, const void* value) { std::memcpy(block_.data() + place * 8, value, 8); }

  Query insert_;
  std::string block_;
};

}  // namespace

LayoutKind PackedLayout() {
  return {"packed", "a BLOB per hand-over, clustered by (attempt, first_record)",
          [](Database* database) { return std::make_unique<Packed>(database); }};
}

}  // namespace optfleet::bench
