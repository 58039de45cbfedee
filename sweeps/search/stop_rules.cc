#include "sweeps/search/stop_rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace optfleet::sweeps {

std::optional<int64_t> StepsOrShare::In(int64_t total_steps) const {
  if (share == 0) return std::max<int64_t>(steps, 1);
  if (total_steps <= 0) return std::nullopt;
  return std::max<int64_t>(std::llround(share * static_cast<double>(total_steps)), 1);
}

StopRules::StopRules(const StopPlan& plan, bool maximize) : plan_(plan), maximize_(maximize) {
  if (plan.divergence) divergence_.emplace(*plan.divergence, maximize);
  // From which step on its word counts differs from job to job.
  if (plan.median) median_.emplace(MedianPlan{.after = 0, .least_jobs = plan.median->least_jobs}, maximize);
}

std::optional<StopVerdict> StopRules::Add(const Report& report, int64_t total_steps) {
  std::optional<StopVerdict> verdict;
  const auto take = [&verdict](bool diverged, std::optional<std::string> reason) {
    if (reason && !verdict) verdict = {diverged, *std::move(reason)};
  };
  if (divergence_) take(true, divergence_->Add(report));
  if (median_) {
    auto reason = median_->Add(report);
    const auto after = plan_.median->after.In(total_steps);
    if (after && report.step >= *after) take(false, std::move(reason));
  }
  if (!plan_.plateau) return verdict;
  if (const auto patience = plan_.plateau->patience.In(total_steps)) {
    const PlateauPlan plan{.patience = *patience, .min_delta = plan_.plateau->min_delta};
    take(false, plateaus_.try_emplace(*patience, plan, maximize_).first->second.Add(report));
  }
  return verdict;
}

}  // namespace optfleet::sweeps
