#include "coordinator/store/load_reports.h"

#include <memory>
#include <utility>

#include "coordinator/store/read_store.h"

namespace optfleet::store {
namespace {

bool HasRules(const domain::Sweep& sweep) {
  return sweep.state == domain::SweepState::kActive && sweep.search.stop.has_value();
}

Status LoadOfJob(ReadStore* reader, const JobName& job, const std::string& objective,
                 std::vector<sweeps::Report>* reports) {
  auto columns = reader->QuerySeries({.job = job, .keys = {objective}});
  if (!columns.has_value()) return Fail(std::move(columns).error());
  for (const SeriesColumn& column : *columns) {
    for (size_t i = 0; i < column.steps.size(); ++i)
      reports->push_back({job.job, column.steps[i], column.last[i]});
  }
  return {};
}

}  // namespace

Status LoadReports(const StoreOptions& options, engine::SavedState* saved) {
  std::unique_ptr<ReadStore> reader;  // most starts need none
  for (const engine::SavedSweep& one : saved->sweeps) {
    const domain::Sweep& sweep = one.sweep;
    if (!HasRules(sweep)) continue;
    if (!reader) {
      auto opened = ReadStore::Open(options.folder, options.vfs);
      if (!opened.has_value()) return Fail(std::move(opened).error());
      reader = *std::move(opened);
    }
    std::vector<sweeps::Report>& reports = saved->reports[sweep.id];
    for (int32_t job = sweep.first_competitor; job <= sweep.job_count; ++job) {
      if (one.fresh.Find(job) != nullptr) continue;
      OPTFLEET_RETURN_IF_ERROR(LoadOfJob(reader.get(), {sweep.id, job}, sweep.objective.metric, &reports));
    }
  }
  return {};
}

}  // namespace optfleet::store
