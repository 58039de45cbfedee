#include "sweeps/guard_keys.h"

#include <cmath>
#include <string>

#include "spec/quantity.h"
#include "sweeps/header_value.h"

namespace optfleet::sweeps {
namespace {

constexpr std::string_view kGroup = "guard";
constexpr std::string_view kDotted = "guard.";
constexpr int32_t kMostJobs = 1'000'000;
constexpr double kAll = 100;  // percent

// Nothing, and reported, for what is neither a whole number nor a share.
std::optional<JobsOrShare> Bound(const YamlEntry& entry, Diagnostics* diagnostics) {
  if (!IsOneValue(entry, diagnostics)) return std::nullopt;
  const auto found = spec::ParseQuantity(entry.value.text);
  const double amount = found ? found->amount : -1;
  if (found && found->unit == spec::Unit::kPercent && amount > 0 && amount <= kAll)
    return JobsOrShare{.share = amount / kAll, .jobs = 0};
  if (found && found->unit == spec::Unit::kNone && amount >= 0 && amount <= kMostJobs &&
      std::trunc(amount) == amount)
    return JobsOrShare{.share = 0, .jobs = static_cast<int32_t>(amount)};
  AddWrongValue(entry, "a share of the jobs, as 30%, or a number of jobs", diagnostics);
  return std::nullopt;
}

// Hours.
std::optional<double> DeviceHours(const YamlEntry& entry, Diagnostics* diagnostics) {
  if (!IsOneValue(entry, diagnostics)) return std::nullopt;
  const auto found = spec::ParseQuantity(entry.value.text);
  if (found && found->amount > 0) {
    if (found->unit == spec::Unit::kNone) return found->amount;
    if (found->unit == spec::Unit::kSeconds) return found->amount / spec::kSecondsInHour;
  }
  AddWrongValue(entry, "a number of hours above 0, or a time as 90min", diagnostics);
  return std::nullopt;
}

template <typename T>
void Take(const YamlEntry& entry, std::string_view name, std::optional<T> GuardKeys::*key,
          std::optional<T> value, GuardKeys* guard) {
  if (!value) return;
  guard->*key = value;
  guard->positions[name] = entry.key_position;
}

// `name` without the group.
void ReadOne(std::string_view name, const YamlEntry& entry, GuardKeys* guard, Diagnostics* diagnostics) {
  if (name == "diverged") {
    Take(entry, "diverged", &GuardKeys::diverged, Bound(entry, diagnostics), guard);
  } else if (name == "failed") {
    Take(entry, "failed", &GuardKeys::failed, Bound(entry, diagnostics), guard);
  } else if (name == "after") {
    if (!IsOneValue(entry, diagnostics)) return;
    Take(entry, "after", &GuardKeys::after, WholeNumber(entry, 1, kMostJobs, diagnostics), guard);
  } else if (name == "device_hours") {
    Take(entry, "device_hours", &GuardKeys::device_hours, DeviceHours(entry, diagnostics), guard);
  } else {
    AddUnknownName(kGroup, name, entry, diagnostics);
  }
}

template <typename T>
void Replace(const std::optional<T>& over, std::optional<T>* base) {
  if (over) *base = over;
}

bool IsShare(const std::optional<JobsOrShare>& bound) { return bound && bound->share > 0; }

}  // namespace

std::optional<GuardPlan> GuardKeys::Plan() const {
  GuardPlan plan{.diverged = diverged, .failed = failed};
  plan.after = after.value_or(plan.after);
  plan.device_hours = device_hours.value_or(0);
  return plan.empty() ? std::nullopt : std::optional(plan);
}

bool IsGuardKey(std::string_view key) { return key == kGroup || key.starts_with(kDotted); }

void ReadGuard(const YamlEntry& entry, GuardKeys* guard, Diagnostics* diagnostics) {
  if (entry.key != kGroup)
    return ReadOne(std::string_view(entry.key).substr(kDotted.size()), entry, guard, diagnostics);
  if (entry.value.kind != YamlNode::Kind::kMap)
    return diagnostics->Add(entry.key_position, "`guard` must be a map of keys",
                            "as {diverged: 30%, device_hours: 100}");
  for (const YamlEntry& one : entry.value.entries) ReadOne(one.key, one, guard, diagnostics);
}

void MergeGuard(const GuardKeys& over, GuardKeys* base) {
  Replace(over.diverged, &base->diverged);
  Replace(over.failed, &base->failed);
  Replace(over.after, &base->after);
  Replace(over.device_hours, &base->device_hours);
  for (const auto& [name, position] : over.positions) base->positions[name] = position;
}

void ReportIdleGuardKeys(const GuardKeys& guard, Diagnostics* diagnostics) {
  if (!guard.after || IsShare(guard.diverged) || IsShare(guard.failed)) return;
  diagnostics->Add(guard.positions.at("after"),
                   "`guard.after` does nothing without a share in `guard.diverged` or `guard.failed`");
}

}  // namespace optfleet::sweeps
