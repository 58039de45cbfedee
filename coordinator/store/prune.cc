#include "coordinator/store/prune.h"

#include "coordinator/store/read_rows.h"

namespace optfleet::store {
namespace {

// In one transaction: short, since nothing else is committed meanwhile.
constexpr int kAtOnce = 500;

// The last of the next old events. Ids grow with time.
constexpr const char* kLast = R"sql(
SELECT max(id), count(*) FROM (SELECT id FROM events WHERE id > ?1 AND time < ?2 ORDER BY id LIMIT ?3))sql";
// "sweeps/lr/jobs/1" is of sweep lr; subjects of workers are of none.
constexpr const char* kDrop = R"sql(
DELETE FROM events WHERE id > ?1 AND id <= ?2 AND time < ?3 AND NOT (subject LIKE 'sweeps/%' AND EXISTS (
  SELECT 1 FROM sweeps WHERE state IN ('expanding', 'active') AND
    sweeps.id = substr(subject, 8, instr(substr(subject, 8) || '/', '/') - 1))))sql";

}  // namespace

Result<bool> PruneSomeEvents(Connection* connection, int64_t before_us, int64_t* behind) {
  auto transaction = Transaction::Begin(connection, Transaction::Kind::kWrite);
  if (!transaction.has_value()) return Fail(transaction.error());
  int64_t last = 0;
  int64_t count = 0;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(
      connection, kLast,
      [&](const Statement& row) -> Status {
        last = row.Int(0);
        count = row.Int(1);
        return {};
      },
      *behind, before_us, kAtOnce));
  if (count == 0) {
    *behind = 0;
    return false;  // nothing was written
  }
  auto drop = connection->Prepare(kDrop);
  if (!drop.has_value()) return Fail(drop.error());
  OPTFLEET_RETURN_IF_ERROR(drop->Bind(*behind, last, before_us).Run());
  OPTFLEET_RETURN_IF_ERROR(transaction->Commit());
  *behind = count < kAtOnce ? 0 : last;
  return count == kAtOnce;
}

}  // namespace optfleet::store
