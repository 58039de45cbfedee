#include "optctl/report/analysis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "optctl/report/answer.h"
#include "optctl/report/values.h"

namespace optfleet::report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct AxisFacts {
  size_t index = 0;
  bool numeric = true;
  std::set<std::string> keys;  // distinct values; a missing one counts as ""
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  bool varies() const { return keys.size() > 1; }
  bool spans_decades() const { return numeric && low > 0 && high >= 10 * low * (1 - 1e-9); }
};

std::vector<AxisFacts> LookAtAxes(const ReportData& data, const ValueTable& values) {
  std::vector<AxisFacts> facts(data.axes.size());
  for (size_t a = 0; a < facts.size(); ++a) {
    facts[a].index = a;
    for (const auto& row : values) {
      facts[a].keys.insert(row[a] ? row[a]->key : "");
      if (!row[a]) continue;
      if (!row[a]->number) {
        facts[a].numeric = false;
      } else {
        facts[a].low = std::min(facts[a].low, *row[a]->number);
        facts[a].high = std::max(facts[a].high, *row[a]->number);
      }
    }
  }
  return facts;
}

bool IsSeed(const std::string& axis) { return axis == "seed" || axis.ends_with(".seed"); }

// The numeric axis with the most values; of equals the one that spans decades, then the earlier.
const AxisFacts* ChooseMainAxis(const ReportData& data, const std::vector<AxisFacts>& facts) {
  const AxisFacts* best = nullptr;
  for (const AxisFacts& axis : facts) {
    if (!axis.numeric || !axis.varies() || IsSeed(data.axes[axis.index])) continue;
    const auto rank = [](const AxisFacts& f) { return std::pair(f.keys.size(), f.spans_decades()); };
    if (best == nullptr || rank(axis) > rank(*best)) best = &axis;
  }
  return best;
}

// True where a numeric axis only says in other words what the main axis says (heads that grow with the
// width): it makes no lines.
bool Follows(const AxisFacts& axis, const AxisFacts& main, const ValueTable& values) {
  if (!axis.numeric || axis.keys.size() != main.keys.size()) return false;
  std::map<std::string, std::string> partner;
  for (const auto& row : values) {
    if (!row[axis.index] || !row[main.index]) return false;
    const auto [it, is_new] = partner.emplace(row[main.index]->key, row[axis.index]->key);
    if (!is_new && it->second != row[axis.index]->key) return false;
  }
  return true;
}

class LineBuilder {
 public:
  LineBuilder(const ReportData& data, const ValueTable& values, const AxisFacts* main,
              std::vector<size_t> axes)
      : data_(data), values_(values), main_(main), axes_(std::move(axes)) {}

  void Add(size_t job, Analysis& out) {
    const auto& row = values_[job];
    if (main_ != nullptr && !row[main_->index]) {
      out.unplaced.push_back(job);
      return;
    }
    Line& line = LineOf(row, out);
    const double x = main_ == nullptr ? 0 : *row[main_->index]->number;
    const auto at =
        std::find_if(line.points.begin(), line.points.end(), [x](const Point& p) { return p.x >= x; });
    if (at != line.points.end() && at->x == x) {
      at->jobs.push_back(job);
    } else {
      line.points.insert(
          at, Point{.x = x, .label = main_ ? row[main_->index]->text : "", .jobs = {job}, .objective = kNaN});
    }
  }

 private:
  Line& LineOf(const std::vector<std::optional<Value>>& row, Analysis& out) {
    std::vector<std::string> key;
    for (size_t axis : axes_) key.push_back(row[axis] ? row[axis]->key : "");
    const auto [it, is_new] = index_.emplace(std::move(key), out.lines.size());
    if (is_new) out.lines.push_back(NewLine(row));
    return out.lines[it->second];
  }

  Line NewLine(const std::vector<std::optional<Value>>& row) const {
    Line line;
    for (size_t axis : axes_) {
      if (!row[axis]) continue;
      line.at.push_back({data_.axes[axis], row[axis]->text});
      if (row[axis]->own)
        line.label += (line.label.empty() ? "" : " ") + DescribeValue(data_.axes[axis], row[axis]->text);
    }
    return line;
  }

  const ReportData& data_;
  const ValueTable& values_;
  const AxisFacts* main_;
  std::vector<size_t> axes_;
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
    if (!std::isnan(figure) && (best == kNoJob || figure < Comparable(data, best))) best = job;
  }
  return best;
}

void JudgeLine(const ReportData& data, Line& line) {
  for (size_t i = 0; i < line.points.size(); ++i) {
    line.points[i].objective = MeanObjective(data, line.points[i].jobs);
    if (std::isnan(line.points[i].objective)) continue;
    if (line.best_point == kNoJob || line.points[i].objective < line.points[line.best_point].objective)
      line.best_point = i;
  }
  if (line.best_point == kNoJob) return;
  line.best_job = BestJobAt(data, line.points[line.best_point]);
  if (line.points.size() >= 3) {
    if (line.best_point == 0) line.edge = Edge::kLow;
    if (line.best_point + 1 == line.points.size()) line.edge = Edge::kHigh;
  }
  const double limit = line.points[line.best_point].objective + kGoodMargin;
  size_t low = line.best_point;
  size_t high = line.best_point;
  while (low > 0 && line.points[low - 1].objective <= limit) --low;
  while (high + 1 < line.points.size() && line.points[high + 1].objective <= limit) ++high;
  line.good_low = line.points[low].x;
  line.good_high = line.points[high].x;
}

}  // namespace

bool Counts(const Job& job) {
  return job.outcome == Outcome::kSucceeded || job.outcome == Outcome::kStoppedEarly;
}

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
  const std::vector<AxisFacts> facts = LookAtAxes(data, values);
  const AxisFacts* main = ChooseMainAxis(data, facts);

  Analysis out;
  std::vector<size_t> line_axes;
  for (const AxisFacts& axis : facts) {
    const std::string& key = data.axes[axis.index];
    if (!axis.varies() || &axis == main) continue;
    if (IsSeed(key)) {
      out.repeats.push_back(key);
    } else if (main == nullptr || !Follows(axis, *main, values)) {
      out.line_axes.push_back(key);
      line_axes.push_back(axis.index);
    }
  }
  if (main != nullptr) {
    out.main_axis = data.axes[main->index];
    out.main_axis_log = main->spans_decades();
  }
  LineBuilder builder(data, values, main, line_axes);
  for (size_t job = 0; job < data.jobs.size(); ++job) builder.Add(job, out);
  for (Line& line : out.lines) JudgeLine(data, line);

  double least = std::numeric_limits<double>::infinity();
  for (const Line& line : out.lines) {
    if (line.best_point == kNoJob || line.points[line.best_point].objective >= least) continue;
    least = line.points[line.best_point].objective;
    out.best_job = line.best_job;
  }
  return out;
}

}  // namespace optfleet::report
