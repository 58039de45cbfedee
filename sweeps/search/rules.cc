#include "sweeps/search/rules.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "common/text.h"
#include "sweeps/search/ranking.h"

namespace optfleet::sweeps {
namespace {

constexpr int kDigits = 4;

std::string Figure(double value) { return FormatSignificant(value, kDigits); }
std::string At(int64_t step) { return " at step " + FormatCount(step); }

// Less is better, what is not finite is worst.
double CostOf(double value, bool maximize) { return Comparable(maximize ? -value : value); }
std::string FigureOfCost(double cost, bool maximize) { return Figure(maximize ? -cost : cost); }
std::string WorseThan(bool maximize) { return maximize ? " is below " : " is above "; }

void Insert(double value, std::vector<double>* ascending) {
  ascending->insert(std::upper_bound(ascending->begin(), ascending->end(), value), value);
}

double Median(const std::vector<double>& ascending) {
  const size_t half = ascending.size() / 2;
  if (ascending.size() % 2 == 1) return ascending[half];
  return (ascending[half - 1] + ascending[half]) / 2;
}

}  // namespace

const MedianRule::Average* MedianRule::LastUpTo(const Job& job, int64_t step) {
  const auto after = std::upper_bound(job.averages.begin(), job.averages.end(), step,
                                      [](int64_t at, const Average& average) { return at < average.step; });
  return after == job.averages.begin() ? nullptr : &*std::prev(after);
}

MedianRule::Values* MedianRule::ValuesAt(int64_t step) {
  const auto [found, is_new] = values_.try_emplace(step);
  if (!is_new) return &found->second;
  for (const auto& [number, job] : jobs_) {
    if (job.averages.empty() || job.averages.back().step < step) continue;
    if (const Average* average = LastUpTo(job, step)) found->second.push_back(average->value);
  }
  std::sort(found->second.begin(), found->second.end());
  return &found->second;
}

std::optional<std::string> MedianRule::Add(const Report& report) {
  Job& job = jobs_[report.job];
  if (!job.averages.empty()) {
    const Average last = job.averages.back();
    if (report.step <= last.step) return std::nullopt;
    // It has got to the steps of others in between, too.
    for (auto at = values_.upper_bound(last.step); at != values_.end() && at->first < report.step; ++at)
      Insert(last.value, &at->second);
  }
  Values* values = ValuesAt(report.step);
  const double value = CostOf(report.value, maximize_);
  job.sum += value;
  job.best = std::min(job.best, value);
  const double average = job.sum / static_cast<double>(job.averages.size() + 1);
  std::optional<std::string> reason = Judge(job, report.step, *values);
  job.averages.push_back({report.step, average});
  Insert(average, values);
  return reason;
}

std::optional<std::string> MedianRule::Judge(const Job& job, int64_t step, const Values& others) const {
  if (step < plan_.after || others.empty()) return std::nullopt;
  if (others.size() < static_cast<size_t>(std::max(plan_.least_jobs, 0))) return std::nullopt;
  const double median = Median(others);
  if (!(job.best > median)) return std::nullopt;
  const std::string best =
      std::isfinite(job.best) ? " " + FigureOfCost(job.best, maximize_) : " (none is finite)";
  return "its best value" + best + At(step) + WorseThan(maximize_) + FigureOfCost(median, maximize_) +
         ", the median of the averages of " + FormatCount(std::ssize(others)) + " other jobs up to there";
}

std::optional<std::string> PlateauRule::Add(const Report& report) {
  const auto [found, is_new] = jobs_.try_emplace(report.job);
  Job& job = found->second;
  if (!is_new && report.step <= job.last_step) return std::nullopt;
  job.last_step = report.step;
  const double value = CostOf(report.value, maximize_);
  if (is_new || value < job.best - plan_.min_delta) {
    job.best = value;
    job.best_step = report.step;
    return std::nullopt;
  }
  if (report.step - job.best_step < plan_.patience) return std::nullopt;
  const std::string best =
      std::isfinite(job.best) ? FigureOfCost(job.best, maximize_) + At(job.best_step) : "no finite value";
  return "no value" + At(report.step) + " is better by more than " + Figure(plan_.min_delta) + " than " +
         best + ", for " + FormatCount(report.step - job.best_step) + " steps";
}

std::optional<std::string> DivergenceRule::Add(const Report& report) {
  const auto [found, is_new] = jobs_.try_emplace(report.job);
  Job& job = found->second;
  if (!is_new && report.step <= job.last_step) return std::nullopt;
  job.last_step = report.step;
  const double value = CostOf(report.value, maximize_);
  const bool is_above = std::isinf(value) || IsPastLimit(report.value) ||
                        (!maximize_ && job.best > 0 && value > plan_.factor * job.best);
  job.best = std::min(job.best, value);
  job.above = is_above ? job.above + 1 : 0;
  if (job.above < std::max(plan_.patience, 1)) return std::nullopt;
  return Reason(job, report);
}

bool DivergenceRule::IsPastLimit(double value) const {
  if (std::isinf(plan_.limit)) return false;
  return maximize_ ? value < plan_.limit : value > plan_.limit;
}

std::string DivergenceRule::Reason(const Job& job, const Report& report) const {
  std::string text = Figure(report.value) + At(report.step);
  if (!std::isfinite(report.value)) {
    text += " is not finite";
  } else if (IsPastLimit(report.value)) {
    text += WorseThan(maximize_) + "the limit of " + Figure(plan_.limit);
  } else {
    text += " is above " + Figure(plan_.factor) + " times its best value " + Figure(job.best);
  }
  return job.above == 1 ? text : text + ", the last of " + FormatCount(job.above) + " such in a row";
}

}  // namespace optfleet::sweeps
