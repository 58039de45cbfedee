#include "optctl/commands/report_data.h"

#include "common/version.h"
#include "optctl/commands/moments.h"
#include "optctl/commands/wire_names.h"

namespace optfleet::commands {
namespace {

int64_t Micros(bool present, const google::protobuf::Timestamp& time) {
  return present ? UnixMicros(TimeOf(time)) : 0;
}

std::vector<report::Figure> FiguresOf(const google::protobuf::RepeatedPtrField<v1::Figure>& figures) {
  std::vector<report::Figure> out;
  for (const v1::Figure& figure : figures) out.push_back({figure.key(), figure.value()});
  return out;
}

report::Job JobOf(const v1::Job& job) {
  report::Job out;
  out.name = job.name();
  out.state = NameOf(job.state());
  if (job.state() == v1::Job::STATE_ENDED) out.outcome = OutcomeFromName(NameOf(job.outcome()));
  out.reason = job.reason();
  out.reused_from = job.reused_from();
  for (const v1::Parameter& parameter : job.parameters())
    out.parameters.push_back({parameter.key(), parameter.value()});
  out.final_figures = FiguresOf(job.final());
  out.latest_figures = FiguresOf(job.latest());
  out.step = job.step();
  out.total_steps = job.total_steps();
  out.start_us = Micros(job.has_start_time(), job.start_time());
  out.end_us = Micros(job.has_end_time(), job.end_time());
  out.attempts = job.attempt_count();
  out.spec_json = job.spec_json();
  out.spec_hash = job.spec_hash();
  return out;
}

}  // namespace

report::ReportData ReportDataOf(const v1::Sweep& sweep, const std::vector<v1::Job>& jobs) {
  report::ReportData data;
  data.sweep = sweep.name();
  data.title = sweep.display_name();
  data.state = NameOf(sweep.state());
  data.version = kVersion;
  for (const v1::SourceFile& file : sweep.files()) data.files.push_back({file.path(), file.text()});
  data.overrides.assign(sweep.overrides().begin(), sweep.overrides().end());
  data.axes.assign(sweep.axes().begin(), sweep.axes().end());
  if (!sweep.objective().empty()) data.objective = sweep.objective();
  data.maximize = sweep.direction() == v1::DIRECTION_MAXIMIZE;
  data.guard_verdict = sweep.guard_verdict();
  data.create_us = Micros(sweep.has_create_time(), sweep.create_time());
  data.end_us = Micros(sweep.has_end_time(), sweep.end_time());
  for (const v1::Job& job : jobs) data.jobs.push_back(JobOf(job));
  return data;
}

std::vector<report::Series> SeriesOf(const v1::QueryMetricsResponse& response) {
  std::vector<report::Series> all;
  for (const v1::Series& series : response.series()) {
    report::Series out;
    out.key = series.key();
    out.steps.assign(series.steps().begin(), series.steps().end());
    out.last.assign(series.last().begin(), series.last().end());
    out.min.assign(series.min().begin(), series.min().end());
    out.max.assign(series.max().begin(), series.max().end());
    out.time_us.assign(series.time_us().begin(), series.time_us().end());
    all.push_back(std::move(out));
  }
  return all;
}

}  // namespace optfleet::commands
