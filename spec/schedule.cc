#include "spec/schedule.h"

#include <cmath>
#include <numbers>

namespace optfleet::spec {

double LearningRate(const ScheduleSpec& schedule, double peak, int64_t step, int64_t total_steps) {
  const int64_t warmup = schedule.warmup_steps;
  if (warmup > 0 && step < warmup) return peak * static_cast<double>(step) / static_cast<double>(warmup);
  if (warmup > 0 && step == warmup) return peak;
  if (schedule.name == ScheduleKind::kConstant) return peak;
  if (step >= total_steps) return peak * schedule.final_ratio;
  const double progress = static_cast<double>(step - warmup) / static_cast<double>(total_steps - warmup);
  const double falling = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  return peak * (schedule.final_ratio + (1.0 - schedule.final_ratio) * falling);
}

}  // namespace optfleet::spec
