// Jobs whose outcomes may be taken over.
#include <utility>

#include "coordinator/store/encode.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/read_state.h"

namespace optfleet::store {
namespace {

constexpr const char* kAll = R"sql(
SELECT sweep, number, spec_hash FROM jobs WHERE state = 'ended' AND outcome = 'succeeded' AND reused_from IS NULL
ORDER BY sweep, number)sql";
// Its newest attempt is the one that succeeded.
constexpr const char* kOne = R"sql(
SELECT jobs.step, attempts.reported_json FROM jobs JOIN attempts ON attempts.sweep = jobs.sweep AND
  attempts.job = jobs.number AND attempts.number = jobs.attempt_count
WHERE jobs.sweep = ? AND jobs.number = ? AND jobs.state = 'ended' AND jobs.outcome = 'succeeded' AND
  attempts.reported_json IS NOT NULL)sql";

}  // namespace

Result<std::vector<HashedJob>> ReadSucceededJobs(Connection* connection) {
  std::vector<HashedJob> jobs;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(connection, kAll, [&](const Statement& row) -> Status {
    jobs.push_back({row.Text(2), {row.Text(0), static_cast<int32_t>(row.Int(1))}});
    return {};
  }));
  return jobs;
}

Result<std::vector<SucceededJob>> ReadSucceededJobs(Connection* connection,
                                                    const std::vector<JobName>& names) {
  std::vector<SucceededJob> jobs;
  for (const JobName& name : names) {
    OPTFLEET_RETURN_IF_ERROR(ForEachRow(
        connection, kOne,
        [&](const Statement& row) -> Status {
          domain::ReportedEnd end = DecodeEnd(row.Text(1));
          jobs.push_back({name, row.Int(0), std::move(end.final), DecodeGround(end.numerics_json)});
          return {};
        },
        name.sweep, name.job));
  }
  return jobs;
}

}  // namespace optfleet::store
