#include "sweeps/stop_keys.h"

#include <cmath>
#include <limits>
#include <string>

#include "sweeps/header_value.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kGroup = "stop";
constexpr std::string_view kDotted = "stop.";
constexpr int32_t kDefaultJobs = 3;
constexpr int32_t kMostJobs = 100'000;
constexpr int32_t kMostReports = 1'000;

class Reader {
 public:
  Reader(StopKeys* stop, Diagnostics* diagnostics) : stop_(stop), diagnostics_(diagnostics) {}

  void ReadGroup(const YamlEntry& group) {
    if (group.value.kind != YamlNode::Kind::kMap)
      return diagnostics_->Add(group.key_position, "`stop` must be a map of keys",
                               "as {median_after: 20%, plateau: 10%}");
    for (const YamlEntry& entry : group.value.entries) Read(entry.key, entry);
  }

  // `name` without the group.
  void Read(std::string_view name, const YamlEntry& entry) {
    if (name == "median_after") {
      Take(entry, "median_after", &StopKeys::median_after, LengthOf(entry, "20%"));
    } else if (name == "median_jobs") {
      Take(entry, "median_jobs", &StopKeys::median_jobs, Whole(entry, kMostJobs));
    } else if (name == "plateau") {
      Take(entry, "plateau", &StopKeys::plateau, LengthOf(entry, "10%"));
    } else if (name == "plateau_by") {
      Take(entry, "plateau_by", &StopKeys::plateau_by,
           Number(entry, "a number from 0", [](double number) { return number >= 0; }));
    } else if (name == "diverged_factor") {
      Take(entry, "diverged_factor", &StopKeys::diverged_factor,
           Number(entry, "a number above 1", [](double number) { return number > 1; }));
    } else if (name == "diverged_limit") {
      Take(entry, "diverged_limit", &StopKeys::diverged_limit,
           Number(entry, "a number", [](double /*number*/) { return true; }));
    } else if (name == "diverged_reports") {
      Take(entry, "diverged_reports", &StopKeys::diverged_reports, Whole(entry, kMostReports));
    } else {
      AddUnknownName(kGroup, name, entry, diagnostics_);
    }
  }

 private:
  template <typename T>
  void Take(const YamlEntry& entry, std::string_view name, std::optional<T> StopKeys::*key,
            std::optional<T> value) {
    if (!value) return;
    stop_->*key = value;
    stop_->positions[name] = entry.key_position;
  }

  std::optional<spec::Length> LengthOf(const YamlEntry& entry, const std::string& example) {
    if (!IsOneValue(entry, diagnostics_)) return std::nullopt;
    const auto length = spec::ParseLength(entry.value.text);
    if (length && length->amount > 0 && length->unit != spec::LengthUnit::kTokens) return length;
    AddWrongValue(entry, "a number of steps or a share of the run, as " + example, diagnostics_);
    return std::nullopt;
  }

  std::optional<int32_t> Whole(const YamlEntry& entry, int32_t most) {
    if (!IsOneValue(entry, diagnostics_)) return std::nullopt;
    return WholeNumber(entry, 1, most, diagnostics_);
  }

  std::optional<double> Number(const YamlEntry& entry, const std::string& expected,
                               bool (*is_allowed)(double)) {
    if (!IsOneValue(entry, diagnostics_)) return std::nullopt;
    const auto number = NumberFrom(entry.value.text);
    if (number && std::isfinite(*number) && is_allowed(*number)) return number;
    AddWrongValue(entry, expected, diagnostics_);
    return std::nullopt;
  }

  StopKeys* stop_;
  Diagnostics* diagnostics_;
};

StepsOrShare ToPlan(const spec::Length& length) {
  if (length.unit == spec::LengthUnit::kPercent) return {.share = length.amount / 100, .steps = 0};
  return {.share = 0, .steps = static_cast<int64_t>(length.amount)};
}

template <typename T>
void Replace(const std::optional<T>& over, std::optional<T>* base) {
  if (over) *base = over;
}

void ReportShare(const StopKeys& stop, std::string_view name, const std::optional<spec::Length>& length,
                 Diagnostics* diagnostics) {
  if (!length || length->unit != spec::LengthUnit::kPercent) return;
  diagnostics->Add(
      stop.positions.at(name), "`stop." + std::string(name) + "` as a share needs jobs that end after steps",
      "write a number of steps, or give their budget in steps, tokens or FLOPs instead of seconds or epochs");
}

void ReportIdle(const StopKeys& stop, std::string_view name, bool is_given, const std::string& needs,
                Diagnostics* diagnostics) {
  if (is_given)
    diagnostics->Add(stop.positions.at(name),
                     "`stop." + std::string(name) + "` does nothing without " + needs);
}

}  // namespace

std::optional<StopPlan> StopKeys::Plan() const {
  StopPlan plan;
  if (median_after)
    plan.median = {.after = ToPlan(*median_after), .least_jobs = median_jobs.value_or(kDefaultJobs)};
  if (plateau) plan.plateau = {.patience = ToPlan(*plateau), .min_delta = plateau_by.value_or(0)};
  if (diverged_factor || diverged_limit) {
    constexpr double kNone = std::numeric_limits<double>::infinity();
    plan.divergence = {.factor = diverged_factor.value_or(kNone),
                       .limit = diverged_limit.value_or(kNone),
                       .patience = diverged_reports.value_or(1)};
  }
  return plan.empty() ? std::nullopt : std::optional(plan);
}

bool IsStopKey(std::string_view key) { return key == kGroup || key.starts_with(kDotted); }

void ReadStop(const YamlEntry& entry, StopKeys* stop, Diagnostics* diagnostics) {
  Reader reader(stop, diagnostics);
  if (entry.key == kGroup) return reader.ReadGroup(entry);
  reader.Read(std::string_view(entry.key).substr(kDotted.size()), entry);
}

void MergeStop(const StopKeys& over, StopKeys* base) {
  Replace(over.median_after, &base->median_after);
  Replace(over.median_jobs, &base->median_jobs);
  Replace(over.plateau, &base->plateau);
  Replace(over.plateau_by, &base->plateau_by);
  Replace(over.diverged_factor, &base->diverged_factor);
  Replace(over.diverged_limit, &base->diverged_limit);
  Replace(over.diverged_reports, &base->diverged_reports);
  for (const auto& [name, position] : over.positions) base->positions[name] = position;
}

void ReportIdleStopKeys(const StopKeys& stop, const Objective& objective, Diagnostics* diagnostics) {
  if (objective.maximize && stop.diverged_factor)
    diagnostics->Add(stop.positions.at("diverged_factor"),
                     "`stop.diverged_factor` needs an objective of which less is better",
                     "write `stop.diverged_limit`: what is below it has diverged");
  ReportIdle(stop, "median_jobs", stop.median_jobs && !stop.median_after, "`stop.median_after`", diagnostics);
  ReportIdle(stop, "plateau_by", stop.plateau_by && !stop.plateau, "`stop.plateau`", diagnostics);
  ReportIdle(stop, "diverged_reports", stop.diverged_reports && !stop.diverged_factor && !stop.diverged_limit,
             "`stop.diverged_factor` or `stop.diverged_limit`", diagnostics);
}

void ReportStopShares(const StopKeys& stop, Diagnostics* diagnostics) {
  ReportShare(stop, "median_after", stop.median_after, diagnostics);
  ReportShare(stop, "plateau", stop.plateau, diagnostics);
}

}  // namespace optfleet::sweeps
