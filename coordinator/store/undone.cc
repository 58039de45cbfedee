#include "coordinator/store/undone.h"

#include <map>
#include <string>

#include "common/names.h"
#include "coordinator/store/record_writer.h"

namespace optfleet::store {
namespace {

// Number of the newest attempt of each job, by resource name.
using Newest = std::map<std::string, int32_t>;

Result<Newest> NewestOf(Connection* state) {
  auto select = state->Prepare("SELECT sweep, job, max(number) FROM attempts GROUP BY sweep, job");
  if (!select.has_value()) return Fail(select.error());
  Newest newest;
  while (true) {
    const auto row = select->Step();
    if (!row.has_value()) return Fail(row.error());
    if (!*row) return newest;
    const JobName job{select->Text(0), static_cast<int32_t>(select->Int(1))};
    newest.emplace(ToResource(job), static_cast<int32_t>(select->Int(2)));
  }
}

// Jobs of which the metrics know a newer one, with the newest that counts (0: none).
Result<Newest> JobsWithMore(Connection* metrics, const Newest& newest) {
  auto select = metrics->Prepare("SELECT job, max(number) FROM attempts GROUP BY job");
  if (!select.has_value()) return Fail(select.error());
  Newest jobs;
  while (true) {
    const auto row = select->Step();
    if (!row.has_value()) return Fail(row.error());
    if (!*row) return jobs;
    const auto known = newest.find(select->Text(0));
    const int32_t last = known == newest.end() ? 0 : known->second;
    if (select->Int(1) > last) jobs.emplace(select->Text(0), last);
  }
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
