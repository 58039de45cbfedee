#include "optctl/report/payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "optctl/report/answer.h"
#include "optctl/report/job_payload.h"
#include "optctl/report/values.h"

namespace optfleet::report {
namespace {

int64_t IndexOrNone(size_t index) { return index == kNoJob ? -1 : static_cast<int64_t>(index); }

int64_t AxisIndex(const ReportData& data, const std::string& axis) {
  const auto at = std::find(data.axes.begin(), data.axes.end(), axis);
  return at == data.axes.end() ? -1 : at - data.axes.begin();
}

Json AxisIndexes(const ReportData& data, const std::vector<std::string>& axes) {
  Json out = Json::array();
  for (const std::string& axis : axes) out.push_back(AxisIndex(data, axis));
  return out;
}

std::string_view EdgeWord(Edge edge) {
  switch (edge) {
    case Edge::kLow:
      return "low";
    case Edge::kHigh:
      return "high";
    case Edge::kNone:
      return "";
  }
  return "";
}

Json LineJson(const Line& line) {
  Json out = {{"label", line.label}, {"values", Json::array()}, {"points", Json::array()}};
  for (const Parameter& parameter : line.at) out["values"].push_back(parameter.value);
  for (const Point& point : line.points) {
    out["points"].push_back(
        {{"x", point.x}, {"label", point.label}, {"jobs", point.jobs}, {"y", SeriesNumber(point.objective)}});
  }
  out["best_job"] = IndexOrNone(line.best_job);
  out["best_point"] = IndexOrNone(line.best_point);
  out["edge"] = EdgeWord(line.edge);
  out["good"] = {line.good_low, line.good_high};
  return out;
}

void AddAnalysis(const ReportData& data, const Analysis& analysis, Json& out) {
  out["axes"] = Json::array();
  for (const std::string& axis : data.axes) out["axes"].push_back({{"key", axis}, {"name", ShortName(axis)}});
  out["main"] = AxisIndex(data, analysis.main_axis);
  out["main_log"] = analysis.main_axis_log;
  out["line_axes"] = AxisIndexes(data, analysis.line_axes);
  out["repeats"] = AxisIndexes(data, analysis.repeats);
  out["lines"] = Json::array();
  for (const Line& line : analysis.lines) out["lines"].push_back(LineJson(line));
  out["best_job"] = IndexOrNone(analysis.best_job);
}

std::vector<int64_t> LineOfEachJob(const ReportData& data, const Analysis& analysis) {
  std::vector<int64_t> out(data.jobs.size(), -1);
  for (size_t l = 0; l < analysis.lines.size(); ++l) {
    for (const Point& point : analysis.lines[l].points) {
      for (size_t job : point.jobs) out[job] = static_cast<int64_t>(l);
    }
  }
  return out;
}

}  // namespace

Json MakePayload(const ReportData& data, const Analysis& analysis) {
  Json out = {{"title", data.title.empty() ? data.sweep : data.title},
              {"description", data.description},
              {"sweep", data.sweep},
              {"state", data.state},
              {"version", data.version},
              {"answer", AnswerSentence(data, analysis)},
              {"objective", data.objective},
              {"direction", data.maximize ? "maximize" : "minimize"},
              {"created_us", data.create_us},
              {"ended_us", data.end_us},
              {"made_us", data.made_us}};
  AddAnalysis(data, analysis, out);
  const CurveChoice choice = ChooseCurves(data, analysis);
  const ValueTable values = ReadValues(data);
  const std::vector<int64_t> lines = LineOfEachJob(data, analysis);
  out["jobs"] = Json::array();
  for (size_t job = 0; job < data.jobs.size(); ++job) {
    Json item = JobJson(data.jobs[job], values[job]);
    item["label"] = DescribeJob(data, analysis, job);
    item["line"] = lines[job];
    if (choice.carries[job]) AddCurves(data.jobs[job], choice.points, item);
    out["jobs"].push_back(std::move(item));
  }
  out["curves"] = {{"jobs", std::count(choice.carries.begin(), choice.carries.end(), true)},
                   {"points", choice.points}};
  out["files"] = Json::array();
  for (const SourceFile& file : data.files)
    out["files"].push_back({{"path", file.path}, {"text", file.text}});
  out["overrides"] = data.overrides;
  return out;
}

std::string EmbeddableText(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace optfleet::report
