// optctl diff: what a file says against what a sweep has, point by point.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/text.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/labels.h"
#include "optctl/commands/numbers_text.h"
#include "optctl/commands/program.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/stage_texts.h"
#include "optctl/commands/sweep_source.h"
#include "optctl/commands/wire_json.h"
#include "optctl/output/table.h"

namespace optfleet::commands {
namespace {

constexpr size_t kPointsShown = 40;

struct Options {
  std::string name;
  SweepArguments sweep;
  bool exit_status = false;
};

// Points by what tells them apart: a job of the file that the sweep has not, and the other way around.
struct Difference {
  std::vector<const sweeps::Job*> added;
  std::vector<const v1::Job*> gone;
  size_t common = 0;
  bool empty() const { return added.empty() && gone.empty(); }
};

Difference Compare(const sweeps::Expansion& file, const std::vector<v1::Job>& jobs) {
  Difference difference;
  std::map<std::string, const v1::Job*> only_there;
  for (const v1::Job& job : jobs) only_there.emplace(job.spec_hash(), &job);
  for (const sweeps::Job& job : file.jobs) {
    if (only_there.erase(job.hash) > 0)
      ++difference.common;
    else
      difference.added.push_back(&job);
  }
  for (const v1::Job& job : jobs)
    if (only_there.contains(job.spec_hash())) difference.gone.push_back(&job);
  return difference;
}

// The axes of the file, then those that only the sweep has.
std::vector<std::string> AxesOf(const sweeps::Expansion& file, const Difference& difference) {
  std::vector<std::string> axes = file.axes;
  for (const v1::Job* job : difference.gone)
    for (const v1::Parameter& parameter : job->parameters())
      if (std::find(axes.begin(), axes.end(), parameter.key()) == axes.end()) axes.push_back(parameter.key());
  return axes;
}

std::string ValueOf(const v1::Job& job, const std::string& key) {
  for (const v1::Parameter& parameter : job.parameters())
    if (parameter.key() == key) return parameter.value();
  return "-";
}

std::string ValueOf(const sweeps::Expansion& file, const sweeps::Job& job, const std::string& key) {
  const auto axis = std::find(file.axes.begin(), file.axes.end(), key);
  return axis == file.axes.end() ? "-" : job.values[static_cast<size_t>(axis - file.axes.begin())];
}

output::Table PointsTable(const sweeps::Expansion& file, const Difference& difference, size_t limit) {
  const auto axes = AxesOf(file, difference);
  std::vector<output::Column> columns = {{""}, {"JOB", output::Align::kRight}};
  for (const std::string& axis : axes) columns.push_back({ColumnHeader(axis), output::Align::kRight, true});
  output::Table table(std::move(columns));
  size_t shown = 0;
  for (const v1::Job* job : difference.gone) {
    if (shown++ == limit) return table;
    std::vector<std::string> row = {"-", job->name().substr(job->name().rfind('/') + 1)};
    for (const std::string& axis : axes) row.push_back(ValueOf(*job, axis));
    table.Add(std::move(row));
  }
  for (const sweeps::Job* job : difference.added) {
    if (shown++ == limit) return table;
    std::vector<std::string> row = {"+", ""};
    for (const std::string& axis : axes) row.push_back(ValueOf(file, *job, axis));
    table.Add(std::move(row));
  }
  return table;
}

Json PointsJson(const sweeps::Expansion& file, const Difference& difference) {
  Json json;
  json["added"] = Json::array();
  for (const sweeps::Job* job : difference.added) {
    Json values = Json::object();
    for (size_t i = 0; i < file.axes.size(); ++i) values[file.axes[i]] = job->values[i];
    json["added"].push_back({{"hash", job->hash}, {"values", std::move(values)}});
  }
  json["gone"] = Json::array();
  for (const v1::Job* job : difference.gone) json["gone"].push_back(job->name());
  json["common"] = difference.common;
  return json;
}

output::Table StagesTable(const StageDifference& difference) {
  output::Table table({{""}, {"STAGE"}, {"BASE"}, {"BEGUN"}});
  for (const auto& [sign, stage] : difference.rows)
    table.Add({std::string(1, sign), StageTitle(stage), stage.base().empty() ? "-" : stage.base(),
               stage.begun() ? "yes" : "no"});
  return table;
}

Json StagesJson(const StageDifference& difference) {
  Json json = {{"added_stages", Json::array()}, {"gone_stages", Json::array()}};
  for (const auto& [sign, stage] : difference.rows)
    if (sign != ' ') json[sign == '+' ? "added_stages" : "gone_stages"].push_back(StageTitle(stage));
  json["common_stages"] = difference.common;
  return json;
}

// Of a sweep whose points follow from results the coordinator knows whether the file fits what has begun.
Result<int> DiffStages(Context& context, const Options& options, const SweepSource& source,
                       const v1::Sweep& sweep, Client* client) {
  const auto extended =
      client->ExtendSweep(sweep.name(), RequestOf(source).sweep(), {.dry_run = true, .reuse = false}, {});
  if (!extended) return Fail(extended.error());
  const StageDifference difference = CompareStages(sweep, extended->sweep());
  const bool differs = difference.added + difference.gone > 0;
  const int code = options.exit_status && differs ? kExitFailure : kExitOk;
  if (context.json()) {
    context.console.PrintJson(StagesJson(difference));
    return code;
  }
  const std::string id = ShortResource(sweep.name());
  const Console& console = context.console;
  console.Print(StagesTable(difference).Render(console.out().width, console.out().unicode) + "\n" +
                CountText(difference.added, "stage is", "stages are") + " new, " +
                FormatCount(difference.gone) + " only in " + id + ", " + FormatCount(difference.common) +
                " in both\n");
  console.Note("points of stages that have begun are the same" +
               (differs ? "; next: optctl extend " + id + " " + FilesText(options.sweep) : std::string()));
  return code;
}

Result<int> Diff(Context& context, const Options& options) {
  auto name = SweepNamed(options.name);
  if (!name) return Fail(std::move(name).error());
  auto source = ReadSweep(options.sweep, MissingFiles::kAreListed);
  if (!source) return Fail(std::move(source).error());
  if (!source->expanded.expansion) return ShowProblems(context, source->expanded.diagnostics);
  const sweeps::Expansion& file = *source->expanded.expansion;
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  const auto sweep = client->GetSweep(*name);
  if (!sweep) return Fail(sweep.error());
  if (sweep->stages_size() > 0) return DiffStages(context, options, *source, *sweep, &*client);
  const auto jobs = client->ListJobs(*name);
  if (!jobs) return Fail(jobs.error());
  const Difference difference = Compare(file, *jobs);
  const int code = options.exit_status && !difference.empty() ? kExitFailure : kExitOk;
  if (context.json()) {
    context.console.PrintJson(PointsJson(file, difference));
    return code;
  }
  const std::string id = ShortResource(*name);
  const size_t limit = context.wide() ? difference.added.size() + difference.gone.size() : kPointsShown;
  const Console& console = context.console;
  if (!difference.empty())
    console.Print(PointsTable(file, difference, limit).Render(console.out().width, console.out().unicode) +
                  "\n");
  if (difference.added.size() + difference.gone.size() > limit)
    console.Note(CountText(static_cast<int64_t>(difference.added.size() + difference.gone.size() - limit),
                           "more point", "more points") +
                 ": -o wide shows all");
  console.Print(CountText(static_cast<int64_t>(difference.added.size()), "point is", "points are") +
                " new, " + FormatCount(static_cast<int64_t>(difference.gone.size())) + " only in " + id +
                ", " + FormatCount(static_cast<int64_t>(difference.common)) + " in both\n");
  const sweeps::Objective objective{sweep->objective(), sweep->direction() == v1::DIRECTION_MAXIMIZE};
  if (objective != file.objective)
    console.Note(id + " compares its jobs by " + ToText(objective) + ", the file by " +
                 ToText(file.objective) + "; it cannot be extended by it");
  else if (!difference.added.empty())
    console.Note("next: optctl extend " + id + " " + FilesText(options.sweep) +
                 "   adds what is new; what only " + id + " has stays");
  return code;
}

}  // namespace

void AddDiff(Program& program) {
  CLI::App& command = program.Command("diff", "Compare points or stages of a file with a sweep's",
                                      "  optctl diff quickstart quickstart.yaml\n"
                                      "  optctl diff lr lr.yaml --set training.seed=[0,1,2] --exit-status");
  auto options = std::make_shared<Options>();
  command.add_option("SWEEP", options->name, "The sweep")->required();
  AddSweepArguments(command, options->sweep);
  command.add_flag("--exit-status", options->exit_status, "End with 1 if there is a difference");
  program.Formats(command, {"table", "wide", "json"});
  program.On(command, [options](Context& context) { return Diff(context, *options); });
}

}  // namespace optfleet::commands
