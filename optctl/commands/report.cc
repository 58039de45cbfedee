// optctl report: the sweep as one HTML file that opens anywhere.
#include "optctl/report/report.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "common/rundir/documents.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/program.h"
#include "optctl/commands/report_data.h"
#include "optctl/commands/report_file.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/report/spread.h"
#include "optctl/report/thin.h"
#include "sweeps/expand.h"

namespace optfleet::commands {
namespace {

constexpr size_t kSeriesPerJob = 8;
constexpr size_t kFewJobs = 8;     // of so many the page also carries the curve of every block
constexpr size_t kMostKeys = 200;  // of one job; a question takes 256

// The description stands in the sweep's files, which the coordinator keeps as they were sent.
std::string DescriptionOf(const v1::Sweep& sweep) {
  sweeps::SweepInput input;
  for (const v1::SourceFile& file : sweep.files())
    input.files.push_back({file.path(), file.text(), file.folder()});
  input.overrides.assign(sweep.overrides().begin(), sweep.overrides().end());
  input.environment.insert(sweep.environment().begin(), sweep.environment().end());
  const auto expanded = sweeps::ExpandSweep(input);
  return expanded.expansion ? expanded.expansion->description : "";
}

// What a page shows of a job: figures of the whole model, and the gradient norms of its blocks. The thousands
// of single parameters (docs/diagnostics.md) are read from the database.
std::vector<std::string> KeysToShow(const report::Job& job) {
  // Also where the newest attempt has not come to them yet.
  std::vector<std::string> keys = {"loss",           "grad_norm",         "learning_rate", "tokens",
                                   "step_seconds",   "tokens_per_second", "memory_bytes",  "val_loss",
                                   "val_perplexity", "val_bits_per_byte"};
  for (const report::Figure& figure : job.latest_figures) {
    const std::string& key = figure.key;
    const bool of_part = key.find('/') != std::string::npos;
    const bool shown = !of_part || key.starts_with(report::kBlockNorm);
    if (shown && keys.size() < kMostKeys && std::find(keys.begin(), keys.end(), key) == keys.end())
      keys.push_back(key);
  }
  return keys;
}

Result<int> Report(Context& context, const std::string& name, const std::string& out) {
  auto sweep = SweepNamed(name);
  if (!sweep) return Fail(std::move(sweep).error());
  const std::string path = out.empty() ? ShortResource(*sweep) + ".html" : out;
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  OPTFLEET_RETURN_IF_ERROR(WriteReport(*client, *sweep, path));
  if (context.json()) {
    context.console.PrintJson(Json{{"sweep", *sweep}, {"file", path}});
  } else {
    context.console.Print(path + "\n");
  }
  return kExitOk;
}

}  // namespace

Status WriteReport(Client& client, const std::string& sweep_name, const std::string& path) {
  auto sweep = client.GetSweep(sweep_name);
  if (!sweep) return Fail(std::move(sweep).error());
  auto jobs = client.ListJobs(sweep_name);
  if (!jobs) return Fail(std::move(jobs).error());
  report::ReportData data = ReportDataOf(*sweep, *jobs);
  data.description = DescriptionOf(*sweep);
  data.made_us = UnixMicros(Now());
  // The page keeps so many points of each series; asking for more would only be thrown away.
  const auto buckets = static_cast<int>(report::PointsPerSeries(data.jobs.size() * kSeriesPerJob));
  for (report::Job& job : data.jobs) {
    if (job.step == 0) continue;
    auto metrics = client.QueryMetrics(job.name, KeysToShow(job), buckets);
    if (!metrics) return Fail(std::move(metrics).error());
    job.series = SeriesOf(*metrics);
    report::AddSpread(&job, /*keep_blocks=*/data.jobs.size() <= kFewJobs);
  }
  const std::filesystem::path file = std::filesystem::absolute(path);
  auto written = rundir::WriteFileAtomically(file.parent_path().string(), file.filename().string(),
                                             report::RenderReport(data));
  if (!written)
    return Fail(Code::kUnknown, "the report " + path + " could not be written: " + written.error().message());
  return {};
}

void AddReport(Program& program) {
  CLI::App& command = program.Command("report", "Write a sweep's charts and tables as an HTML file",
                                      "  optctl report quickstart --out quickstart.html");
  auto name = std::make_shared<std::string>();
  auto out = std::make_shared<std::string>();
  command.add_option("SWEEP", *name, "The sweep")->required();
  command.add_option("--out", *out, "File to write; SWEEP.html if not given")->type_name("FILE");
  program.Formats(command, {"table", "json"});
  program.On(command, [name, out](Context& context) { return Report(context, *name, *out); });
}

}  // namespace optfleet::commands
