#include "optctl/commands/results_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/names.h"
#include "common/text.h"
#include "optctl/commands/labels.h"
#include "optctl/commands/wire_json.h"
#include "optctl/report/answer.h"

namespace optfleet::commands {
namespace {

using output::Align;
using report::Edge;
using report::kNoJob;

struct FigureColumn {
  std::string key;  // of the result
  std::string header;
};

std::vector<FigureColumn> FigureColumns(const std::string& objective) {
  std::vector<FigureColumn> columns = {{"val_loss", "VAL_LOSS"},           {"val_perplexity", "PPL"},
                                       {"val_bits_per_byte", "BITS/BYTE"}, {"tokens_per_second", "TOK/S"},
                                       {"peak_memory_bytes", "MEMORY"},    {"train_seconds", "TIME"}};
  const auto known = std::find_if(columns.begin(), columns.end(),
                                  [&](const FigureColumn& column) { return column.key == objective; });
  if (known == columns.end())
    columns.insert(columns.begin(), {objective, objective});
  else
    std::rotate(columns.begin(), known, known + 1);
  return columns;
}

std::optional<double> ResultFigure(const report::Job& job, const std::string& key) {
  for (const report::Figure& figure : job.final_figures) {
    if (figure.key == key) return figure.value;
  }
  return std::nullopt;
}

void AddFigures(std::vector<std::string>& row, const report::ReportData& data, size_t job) {
  for (const FigureColumn& column : FigureColumns(data.objective)) {
    row.push_back(job == kNoJob ? "-" : FigureText(column.key, ResultFigure(data.jobs[job], column.key)));
  }
}

std::string ConditionOf(const report::Job& job) {
  return job.outcome ? std::string(OutcomeName(*job.outcome)) : job.state;
}

std::string NumberOf(const report::Job& job) {
  const auto name = ParseJobResource(job.name);
  return name ? std::to_string(name->job) : job.name;
}

const char* EdgeName(Edge edge) {
  switch (edge) {
    case Edge::kLow:
      return "low";
    case Edge::kHigh:
      return "high";
    case Edge::kNone:
      break;
  }
  return "none";
}

Json FiguresOf(const report::Job& job) {
  Json json = Json::object();
  for (const report::Figure& figure : job.final_figures) json[figure.key] = NumberJson(figure.value);
  return json;
}

Json ParametersOf(const std::vector<report::Parameter>& parameters) {
  Json json = Json::object();
  for (const report::Parameter& parameter : parameters) json[parameter.key] = ScalarJson(parameter.value);
  return json;
}

Json LineJson(const report::ReportData& data, const report::Line& line) {
  Json json;
  json["label"] = line.label;
  json["at"] = ParametersOf(line.at);
  json["best_job"] = line.best_job == kNoJob ? Json(nullptr) : Json(data.jobs[line.best_job].name);
  json["edge"] = EdgeName(line.edge);
  json["points"] = Json::array();
  for (const report::Point& point : line.points) {
    Json jobs = Json::array();
    for (const size_t job : point.jobs) jobs.push_back(data.jobs[job].name);
    json["points"].push_back({{"x", NumberJson(point.x)},
                              {"label", point.label},
                              {"objective", NumberJson(point.objective)},
                              {"jobs", jobs}});
  }
  return json;
}

std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : ",") + CsvCell(cells[i]);
  return line + "\r\n";
}

}  // namespace

output::Table BestTable(const report::ReportData& data, const report::Analysis& analysis) {
  std::vector<output::Column> columns = {{"LINE", Align::kLeft, true}};
  const bool has_axis = !analysis.main_axis.empty();
  if (has_axis) columns.push_back({"BEST_" + ColumnHeader(analysis.main_axis), Align::kRight});
  for (const FigureColumn& column : FigureColumns(data.objective))
    columns.push_back({column.header, Align::kRight});
  output::Table table(std::move(columns));
  for (const report::Line& line : analysis.lines) {
    std::vector<std::string> row = {line.label.empty() && has_axis ? "all" : line.label};
    if (has_axis) {
      std::string best = line.best_point == kNoJob ? "none" : line.points[line.best_point].label;
      if (line.edge != Edge::kNone) best += " edge";
      row.push_back(std::move(best));
    }
    AddFigures(row, data, line.best_job);
    table.Add(std::move(row));
  }
  return table;
}

output::Table JobResultTable(const report::ReportData& data) {
  const std::vector<FigureColumn> figures = {{data.objective, ColumnHeader(data.objective)},
                                             {"tokens_per_second", "TOK/S"},
                                             {"peak_memory_bytes", "MEMORY"},
                                             {"train_seconds", "TIME"}};
  std::vector<output::Column> columns = {{"JOB", Align::kRight}, {"POINT", Align::kLeft, true}, {"OUTCOME"}};
  for (const FigureColumn& column : figures) columns.push_back({column.header, Align::kRight});
  output::Table table(std::move(columns));
  for (const report::Job& job : data.jobs) {
    std::vector<std::string> row = {NumberOf(job), PointLabel(job.parameters), ConditionOf(job)};
    for (const FigureColumn& column : figures)
      row.push_back(FigureText(column.key, ResultFigure(job, column.key)));
    table.Add(std::move(row));
  }
  return table;
}

std::string NotFinishedText(const report::ReportData& data, int width, bool unicode) {
  output::Table table({{"JOB", Align::kRight},
                       {"OUTCOME"},
                       {"POINT", Align::kLeft, true},
                       {"STEP", Align::kRight},
                       {"LOSS", Align::kRight},
                       {"MEMORY", Align::kRight},
                       {"REASON", Align::kLeft, true}});
  for (const report::Job& job : data.jobs) {
    if (!job.outcome || report::Counts(job)) continue;
    table.Add({NumberOf(job), ConditionOf(job), PointLabel(job.parameters),
               StepText(job.step, job.total_steps), FigureText("loss", report::FigureOf(job, "loss")),
               FigureText("peak_memory_bytes", report::FigureOf(job, "peak_memory_bytes")), job.reason});
  }
  return table.empty() ? "" : "Not trained to the end\n" + table.Render(width, unicode);
}

std::string EdgeText(const report::Analysis& analysis) {
  std::string text;
  for (const report::Line& line : analysis.lines) {
    if (line.edge == Edge::kNone) continue;
    const bool low = line.edge == Edge::kLow;
    text += fmt::format("{}: the best {} ({}) is the {} one tried; {} values may be better\n",
                        line.label.empty() ? "edge" : line.label, report::ShortName(analysis.main_axis),
                        line.points[line.best_point].label, low ? "least" : "largest",
                        low ? "smaller" : "larger");
  }
  return text;
}

Json ResultsJson(const report::ReportData& data, const report::Analysis& analysis) {
  Json json;
  json["sweep"] = data.sweep;
  json["state"] = data.state;
  json["objective"] = data.objective;
  json["direction"] = data.maximize ? "maximize" : "minimize";
  json["answer"] = report::AnswerSentence(data, analysis);
  json["best_job"] = analysis.best_job == kNoJob ? Json(nullptr) : Json(data.jobs[analysis.best_job].name);
  json["main_axis"] = analysis.main_axis.empty() ? Json(nullptr) : Json(analysis.main_axis);
  json["lines"] = Json::array();
  for (const report::Line& line : analysis.lines) json["lines"].push_back(LineJson(data, line));
  json["jobs"] = Json::array();
  for (const report::Job& job : data.jobs) {
    json["jobs"].push_back({{"name", job.name},
                            {"state", job.state},
                            {"outcome", job.outcome ? Json(OutcomeName(*job.outcome)) : Json(nullptr)},
                            {"reason", job.reason},
                            {"reused_from", job.reused_from.empty() ? Json(nullptr) : Json(job.reused_from)},
                            {"parameters", ParametersOf(job.parameters)},
                            {"step", job.step},
                            {"total_steps", job.total_steps},
                            {"figures", FiguresOf(job)}});
  }
  return json;
}

std::string ResultsCsv(const report::ReportData& data) {
  std::vector<std::string> header = {"job", "outcome", "step", "total_steps"};
  header.insert(header.end(), data.axes.begin(), data.axes.end());
  const auto figures = FigureColumns(data.objective);
  for (const FigureColumn& column : figures) header.push_back(column.key);
  header.push_back("reason");
  std::string text = CsvLine(header);
  for (const report::Job& job : data.jobs) {
    std::vector<std::string> row = {job.name, ConditionOf(job), std::to_string(job.step),
                                    std::to_string(job.total_steps)};
    for (const std::string& axis : data.axes) {
      const auto found = std::find_if(job.parameters.begin(), job.parameters.end(),
                                      [&](const report::Parameter& p) { return p.key == axis; });
      row.push_back(found == job.parameters.end() ? "" : found->value);
    }
    for (const FigureColumn& column : figures) {
      const auto figure = ResultFigure(job, column.key);
      row.push_back(figure ? FormatNumber(*figure) : "");
    }
    row.push_back(job.reason);
    text += CsvLine(row);
  }
  return text;
}

}  // namespace optfleet::commands
