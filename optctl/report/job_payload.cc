#include "optctl/report/job_payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "optctl/report/model_size.h"
#include "optctl/report/thin.h"

namespace optfleet::report {
namespace {

constexpr size_t kMostCurves = 60;
constexpr size_t kClockPoints = 48;  // between them the page interpolates
constexpr double kMicro = 1e-6;

// Exact, unlike numbers of series: figures are read to their last digit.
Json FigureNumber(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

Json FiguresJson(const Job& job) {
  Json out = Json::object();
  for (const auto* figures : {&job.final_figures, &job.latest_figures}) {
    for (const Figure& figure : *figures) {
      if (!out.contains(figure.key)) out[figure.key] = FigureNumber(figure.value);
    }
  }
  return out;
}

std::string PrettySpec(const std::string& text) {
  const Json spec = Json::parse(text, nullptr, false);
  return spec.is_discarded() ? text : spec.dump(2, ' ', false, Json::error_handler_t::replace);
}

// Time that training took; the wall clock where the trainer did not say.
Json Seconds(const Job& job) {
  if (const auto figure = FigureOf(job, "train_seconds")) return FigureNumber(*figure);
  if (job.start_us == 0 || job.end_us < job.start_us) return nullptr;
  return static_cast<double>(job.end_us - job.start_us) * kMicro;
}

std::string LastPart(const std::string& name) { return name.substr(name.rfind('/') + 1); }

Json NumbersJson(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(SeriesNumber(value));
  return out;
}

const Series* Find(const Job& job, const std::string& key) {
  const auto at =
      std::find_if(job.series.begin(), job.series.end(), [&](const Series& s) { return s.key == key; });
  return at == job.series.end() ? nullptr : &*at;
}

// Where the job stood in tokens and in seconds since its start at some of its steps.
Json ClockJson(const Job& job) {
  Json out = Json::object();
  const Series* tokens = Find(job, "tokens");
  const Series* source = tokens != nullptr ? tokens : Find(job, "loss");
  if (source == nullptr || source->steps.empty()) return out;
  const Series clock = Thin(*source, kClockPoints);
  out["steps"] = clock.steps;
  if (tokens != nullptr) out["tokens"] = clock.last;
  if (clock.time_us.size() != clock.steps.size()) return out;
  const int64_t begin =
      job.start_us != 0 ? std::min(job.start_us, clock.time_us.front()) : source->time_us.front();
  out["seconds"] = Json::array();
  for (const int64_t time : clock.time_us)
    out["seconds"].push_back(SeriesNumber(static_cast<double>(time - begin) * kMicro));
  return out;
}

std::string StateWord(const Job& job) {
  return job.outcome ? std::string(OutcomeName(*job.outcome)) : job.state;
}

}  // namespace

Json SeriesNumber(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{:.5g}", value).c_str(), nullptr);
}

CurveChoice ChooseCurves(const ReportData& data, const Analysis& analysis) {
  std::vector<bool> leads(data.jobs.size(), false);
  for (const Line& line : analysis.lines) {
    if (line.best_job != kNoJob) leads[line.best_job] = true;
  }
  const auto rank = [&](size_t job) {
    const double figure =
        Counts(data.jobs[job]) ? FigureOf(data.jobs[job], data.objective).value_or(NAN) : NAN;
    return std::pair(!leads[job],
                     std::isfinite(figure) ? CostOf(data, figure) : std::numeric_limits<double>::infinity());
  };
  std::vector<size_t> order(data.jobs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return rank(a) < rank(b); });
  order.resize(std::min(order.size(), kMostCurves));

  CurveChoice choice{.carries = std::vector<bool>(data.jobs.size(), false)};
  size_t series = 0;
  for (const size_t job : order) {
    choice.carries[job] = true;
    series += data.jobs[job].series.size();
  }
  choice.points = PointsPerSeries(series);
  return choice;
}

Json JobJson(const Job& job, const std::vector<std::optional<Value>>& values) {
  Json out = {{"id", LastPart(job.name)}, {"name", job.name},
              {"state", StateWord(job)},  {"counts", Counts(job)},
              {"reason", job.reason},     {"values", Json::array()},
              {"step", job.step},         {"total_steps", job.total_steps},
              {"attempts", job.attempts}, {"hash", job.spec_hash}};
  for (const auto& value : values) {
    out["values"].push_back(value ? Json(value->text) : Json(nullptr));
  }
  out["figures"] = FiguresJson(job);
  out["seconds"] = Seconds(job);
  out["spec"] = PrettySpec(job.spec_json);
  out["model"] = ModelJson(job.spec_json);
  return out;
}

void AddCurves(const Job& job, size_t points, Json& out) {
  std::vector<std::vector<int64_t>> columns;  // series of one training loop share their steps
  Json series = Json::object();
  for (const Series& whole : job.series) {
    if (whole.key == "tokens") continue;  // the clock has it
    const Series thin = Thin(whole, points);
    if (thin.steps.empty()) continue;
    const auto at = std::find(columns.begin(), columns.end(), thin.steps);
    Json item = {{"at", at - columns.begin()}, {"last", NumbersJson(thin.last)}};
    if (at == columns.end()) columns.push_back(thin.steps);
    if (!thin.min.empty() && thin.min != thin.last) item["min"] = NumbersJson(thin.min);
    if (!thin.max.empty() && thin.max != thin.last) item["max"] = NumbersJson(thin.max);
    series[whole.key] = std::move(item);
  }
  out["columns"] = columns;
  out["series"] = std::move(series);
  out["clock"] = ClockJson(job);
}

}  // namespace optfleet::report
