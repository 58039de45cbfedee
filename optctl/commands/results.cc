// optctl results: the answer of a sweep.
#include <memory>

#include "optctl/commands/ending.h"
#include "optctl/commands/exit_code.h"
#include "optctl/commands/program.h"
#include "optctl/commands/report_data.h"
#include "optctl/commands/resource_argument.h"
#include "optctl/commands/results_view.h"
#include "optctl/report/answer.h"

namespace optfleet::commands {

void ShowResults(const Context& context, const report::ReportData& data, bool all) {
  const Console& console = context.console;
  const report::Analysis analysis = report::Analyze(data);
  if (context.json()) {
    console.PrintJson(ResultsJson(data, analysis));
    return;
  }
  if (context.options.format == Format::kCsv) {
    console.Print(ResultsCsv(data));
    return;
  }
  const output::Terminal& terminal = console.out();
  const output::Table table = all ? JobResultTable(data) : BestTable(data, analysis);
  std::string text = table.empty() ? "" : table.Render(terminal.width, terminal.unicode);
  const std::string edges = EdgeText(analysis);
  if (!edges.empty()) text += "\n" + edges;
  const std::string rest = all ? "" : NotFinishedText(data, terminal.width, terminal.unicode);
  if (!rest.empty()) text += "\n" + rest;
  console.Print(text + "\n" + report::AnswerSentence(data, analysis) + "\n");
}

namespace {

Result<int> Results(Context& context, const std::string& name, bool all) {
  auto sweep_name = SweepNamed(name);
  if (!sweep_name) return Fail(std::move(sweep_name).error());
  auto client = OpenClient(context);
  if (!client) return Fail(std::move(client).error());
  auto sweep = client->GetSweep(*sweep_name);
  if (!sweep) return Fail(std::move(sweep).error());
  auto jobs = client->ListJobs(*sweep_name);
  if (!jobs) return Fail(std::move(jobs).error());
  ShowResults(context, ReportDataOf(*sweep, *jobs), all);
  return kExitOk;
}

}  // namespace

void AddResults(Program& program) {
  CLI::App& command = program.Command("results", "Show the best point of each line of a sweep",
                                      "  optctl results quickstart\n"
                                      "  optctl results quickstart --all\n"
                                      "  optctl results quickstart -o csv > quickstart.csv");
  auto name = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  command.add_option("SWEEP", *name, "The sweep")->required();
  command.add_flag("--all", *all, "One row for each job");
  program.Formats(command, {"table", "json", "csv"});
  program.On(command, [name, all](Context& context) { return Results(context, *name, *all); });
}

}  // namespace optfleet::commands
