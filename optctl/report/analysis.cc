#include "optctl/report/analysis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "optctl/report/answer.h"
#include "optctl/report/axes.h"
#include "optctl/report/values.h"

namespace optfleet::report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class LineBuilder {
 public:
  LineBuilder(const ReportData& data, const ValueTable& values, const AxisRoles& roles)
      : data_(data), values_(values), roles_(roles) {}

  void Add(size_t job, Analysis& out) {
    const auto& row = values_[job];
    if (roles_.main && !row[*roles_.main]) {
      out.unplaced.push_back(job);
      return;
    }
    Line& line = LineOf(row, out);
    const double x = roles_.main ? *row[*roles_.main]->number : 0;
    const auto at =
        std::find_if(line.points.begin(), line.points.end(), [x](const Point& p) { return p.x >= x; });
    if (at != line.points.end() && at->x == x) {
      at->jobs.push_back(job);
    } else {
      const std::string label = roles_.main ? row[*roles_.main]->text : "";
      line.points.insert(at, Point{.x = x, .label = label, .jobs = {job}, .objective = kNaN});
    }
  }

 private:
  Line& LineOf(const std::vector<std::optional<Value>>& row, Analysis& out) {
    std::vector<std::string> key;
    for (size_t axis : roles_.lines) key.push_back(row[axis] ? row[axis]->key : "");
    const auto [it, is_new] = index_.emplace(std::move(key), out.lines.size());
    if (is_new) out.lines.push_back(NewLine(row));
    return out.lines[it->second];
  }

  Line NewLine(const std::vector<std::optional<Value>>& row) const {
    Line line;
    for (size_t i = 0; i < roles_.lines.size(); ++i) {
      const size_t axis = roles_.lines[i];
      if (!row[axis]) continue;
      line.at.push_back({data_.axes[axis], row[axis]->text});
      if (row[axis]->key == roles_.usual[i]) continue;
      const std::string word = DescribeValue(data_.axes[axis], row[axis]->text);
      if (!word.empty()) line.label += (line.label.empty() ? "" : " ") + word;
    }
    return line;
  }

  const ReportData& data_;
  const ValueTable& values_;
  const AxisRoles& roles_;
  std::map<std::vector<std::string>, size_t> index_;
};

// The job's objective where it may be compared; NaN otherwise.
double Comparable(const ReportData& data, size_t job) {
  if (!Counts(data.jobs[job])) return kNaN;
  const double figure = FigureOf(data.jobs[job], data.objective).value_or(kNaN);
  return std::isfinite(figure) ? figure : kNaN;
}

double MeanObjective(const ReportData& data, const std::vector<size_t>& jobs) {
  double sum = 0;
  int count = 0;
  for (size_t job : jobs) {
    const double figure = Comparable(data, job);
    if (std::isnan(figure)) continue;
    sum += figure;
    ++count;
  }
  return count == 0 ? kNaN : sum / count;
}

size_t BestJobAt(const ReportData& data, const Point& point) {
  size_t best = kNoJob;
  for (size_t job : point.jobs) {
    const double figure = Comparable(data, job);
    if (std::isnan(figure)) continue;
    if (best == kNoJob || CostOf(data, figure) < CostOf(data, Comparable(data, best))) best = job;
  }
  return best;
}

void JudgeLine(const ReportData& data, Line& line) {
  const auto cost = [&](size_t point) { return CostOf(data, line.points[point].objective); };
  for (size_t i = 0; i < line.points.size(); ++i) {
    line.points[i].objective = MeanObjective(data, line.points[i].jobs);
    if (std::isnan(line.points[i].objective)) continue;
    if (line.best_point == kNoJob || cost(i) < cost(line.best_point)) line.best_point = i;
  }
  if (line.best_point == kNoJob) return;
  line.best_job = BestJobAt(data, line.points[line.best_point]);
  if (line.points.size() >= 3) {
    if (line.best_point == 0) line.edge = Edge::kLow;
    if (line.best_point + 1 == line.points.size()) line.edge = Edge::kHigh;
  }
  const double limit = cost(line.best_point) + kGoodMargin;
  size_t low = line.best_point;
  size_t high = line.best_point;
  while (low > 0 && cost(low - 1) <= limit) --low;
  while (high + 1 < line.points.size() && cost(high + 1) <= limit) ++high;
  line.good_low = line.points[low].x;
  line.good_high = line.points[high].x;
}

}  // namespace

bool Counts(const Job& job) {
  return job.outcome == Outcome::kSucceeded || job.outcome == Outcome::kStoppedEarly;
}

double CostOf(const ReportData& data, double objective) { return data.maximize ? -objective : objective; }

std::optional<double> FigureOf(const Job& job, const std::string& key) {
  for (const auto* figures : {&job.final_figures, &job.latest_figures}) {
    for (const Figure& figure : *figures) {
      if (figure.key == key) return figure.value;
    }
  }
  return std::nullopt;
}

Analysis Analyze(const ReportData& data) {
  const ValueTable values = ReadValues(data);
  const AxisRoles roles = FindAxisRoles(data, values);

  Analysis out;
  if (roles.main) out.main_axis = data.axes[*roles.main];
  out.main_axis_log = roles.main_log;
  for (size_t axis : roles.lines) out.line_axes.push_back(data.axes[axis]);
  for (size_t axis : roles.repeats) out.repeats.push_back(data.axes[axis]);
  for (size_t i = 0; i < roles.lines.size(); ++i) {
    if (roles.usual[i]) out.usual.push_back({data.axes[roles.lines[i]], *roles.usual[i]});
  }
  LineBuilder builder(data, values, roles);
  for (size_t job = 0; job < data.jobs.size(); ++job) builder.Add(job, out);
  for (Line& line : out.lines) JudgeLine(data, line);

  double least = std::numeric_limits<double>::infinity();
  for (const Line& line : out.lines) {
    if (line.best_point == kNoJob) continue;
    const double cost = CostOf(data, line.points[line.best_point].objective);
    if (cost >= least) continue;
    least = cost;
    out.best_job = line.best_job;
  }
  return out;
}

}  // namespace optfleet::report
