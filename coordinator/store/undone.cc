#include "coordinator/store/undone.h"

#include <map>
#include <string>

#include "common/names.h"
#include "coordinator/store/read_rows.h"
#include "coordinator/store/record_writer.h"

namespace optfleet::store {
namespace {

// Number of the newest attempt of each job, by resource name.
using Newest = std::map<std::string, int32_t>;

Result<Newest> NewestOf(Connection* state) {
  Newest newest;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(state,
                                      "SELECT sweep, job, max(number) FROM attempts GROUP BY sweep, job",
                                      [&](const Statement& row) -> Status {
                                        const JobName job{row.Text(0), static_cast<int32_t>(row.Int(1))};
                                        newest.emplace(ToResource(job), static_cast<int32_t>(row.Int(2)));
                                        return {};
                                      }));
  return newest;
}

// Jobs of which the metrics know a newer one, with the newest that counts (0: none).
Result<Newest> JobsWithMore(Connection* metrics, const Newest& newest) {
  Newest jobs;
  OPTFLEET_RETURN_IF_ERROR(ForEachRow(metrics, "SELECT job, max(number) FROM attempts GROUP BY job",
                                      [&](const Statement& row) -> Status {
                                        const auto known = newest.find(row.Text(0));
                                        const int32_t last = known == newest.end() ? 0 : known->second;
                                        if (row.Int(1) > last) jobs.emplace(row.Text(0), last);
                                        return {};
                                      }));
  return jobs;
}

}  // namespace

Status DropUndoneAttempts(Connection* state, Connection* metrics) {
  const auto newest = NewestOf(state);
  if (!newest.has_value()) return Fail(newest.error());
  const auto jobs = JobsWithMore(metrics, *newest);
  if (!jobs.has_value()) return Fail(jobs.error());
  if (jobs->empty()) return {};
  auto writer = RecordWriter::Prepare(metrics);
  if (!writer.has_value()) return Fail(writer.error());
  auto transaction = Transaction::Begin(metrics, Transaction::Kind::kWrite);
  if (!transaction.has_value()) return Fail(transaction.error());
  for (const auto& [job, last] : *jobs) {
    if (const auto dropped = writer->DropNewer(job, last); !dropped.has_value()) return Fail(dropped.error());
    OPTFLEET_RETURN_IF_ERROR(writer->UpdateSegments(job));
  }
  return transaction->Commit();
}

}  // namespace optfleet::store
