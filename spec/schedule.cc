#include "spec/schedule.h"

#include <algorithm>
#include <cmath>

namespace optfleet::spec {
namespace {

constexpr double kPercentOfAll = 100;

// The unit of all resolved lengths: steps, or percent of a run that ends by time.
double EndOf(const TrainingSpec& spec) {
  const Length& horizon = spec.schedule.horizon;
  return spec.budget.seconds > 0 ? horizon.amount : ExactSteps(horizon, {.steps = spec.budget.steps});
}

}  // namespace

Schedule::Schedule(const TrainingSpec& spec)
    : kind_(spec.schedule.name),
      shape_(spec.schedule.shape),
      peak_(spec.optimizer.learning_rate),
      clip_norm_(spec.training.clip_norm),
      clip_warmup_factor_(spec.training.clip_warmup_factor),
      warmup_(spec.schedule.warmup.amount),
      start_ratio_(spec.schedule.start_ratio),
      final_ratio_(spec.schedule.final_ratio),
      end_(EndOf(spec) - spec.schedule.freeze.amount),
      decay_(spec.schedule.decay.amount),
      cycle_(spec.schedule.cycle.amount),
      freeze_(spec.schedule.freeze.amount),
      rewarm_start_(spec.schedule.rewarm_start.amount),
      rewarm_end_(spec.schedule.rewarm_end.amount),
      clip_warmup_(spec.training.clip_warmup.amount),
      mixture_warmup_(spec.optimizer.mixture_warmup.amount),
      cycle_factor_(static_cast<double>(spec.schedule.cycle_factor)) {
  if (kind_ == ScheduleKind::kStages) stages_ = ParseStages(spec.schedule.stages).value();
  if (spec.budget.seconds > 0) {
    scale_ = kPercentOfAll;
    first_step_ = 0;
  }
}

ScheduledValues Schedule::At(double position) const {
  const double factor = Factor(position);
  const bool loose = clip_warmup_ > 0 && position * scale_ <= clip_warmup_;
  const bool mixed = position * scale_ >= mixture_warmup_;
  return {factor, peak_ * factor, loose ? clip_norm_ * clip_warmup_factor_ : clip_norm_,
          mixed ? 1.0 : position * scale_ / mixture_warmup_};
}

double Schedule::Factor(double position) const {
  const double s = position * scale_;
  if (s < rewarm_start_) return 0;
  if (s < rewarm_end_) return Inner(rewarm_end_) * (s - rewarm_start_) / (rewarm_end_ - rewarm_start_);
  return Inner(s);
}

double Schedule::Inner(double s) const { return s < freeze_ ? 0 : Curve(s - freeze_); }

double Schedule::Curve(double s) const {
  if (kind_ == ScheduleKind::kStages) return Staged(s);
  if (s < warmup_) return Rise(s);
  switch (kind_) {
    case ScheduleKind::kCosine:
      return Fall(DecayShape::kCosine, warmup_, s);
    case ScheduleKind::kLinear:
      return Fall(DecayShape::kLinear, warmup_, s);
    case ScheduleKind::kOneCycle:
      return Fall(shape_, warmup_, s);
    case ScheduleKind::kInverseSqrt:
      return InverseSqrt(s);
    case ScheduleKind::kMaxCosineInverseSqrt:
      return std::max(Fall(DecayShape::kCosine, warmup_, s), InverseSqrt(s));
    case ScheduleKind::kWarmupStableDecay:
      return Fall(shape_, end_ - decay_, s);
    case ScheduleKind::kWarmRestarts:
      return Restarted(s);
    case ScheduleKind::kConstant:
    case ScheduleKind::kStages:
      break;
  }
  return 1;
}

double Schedule::Rise(double s) const {
  if (kind_ != ScheduleKind::kOneCycle) return start_ratio_ + (1.0 - start_ratio_) * (s / warmup_);
  return Between(shape_, start_ratio_, 1, (s - first_step_) / (warmup_ - first_step_));
}

double Schedule::Fall(DecayShape shape, double begin, double s) const {
  return s <= begin ? 1 : Between(shape, 1, final_ratio_, (s - begin) / (end_ - begin));
}

// Only from the end of the warm-up on.
double Schedule::InverseSqrt(double s) const { return s > warmup_ ? std::sqrt(warmup_ / s) : 1; }

double Schedule::Restarted(double s) const {
  double at = std::max(0.0, s - warmup_ - first_step_);
  double length = cycle_;
  if (cycle_factor_ == 1) {
    at = std::fmod(at, length);
  } else {
    for (; at >= length; length *= cycle_factor_) at -= length;
  }
  return Between(DecayShape::kCosine, 1, final_ratio_, at / length);
}

double Schedule::Staged(double s) const {
  double begin = 0;
  for (const Stage& stage : stages_) {
    const double length = stage.length.amount;
    if (s <= begin + length) return Between(stage.shape, stage.from, stage.to, (s - begin) / length);
    begin += length;
  }
  return stages_.back().to;
}

double PositionOf(const BudgetSpec& budget, int64_t step, double used_seconds) {
  if (budget.seconds > 0) return std::min(1.0, used_seconds / budget.seconds);
  return static_cast<double>(step);
}

bool IsOver(const BudgetSpec& budget, int64_t steps_done, double used_seconds) {
  if (budget.seconds > 0) return steps_done > 0 && used_seconds >= budget.seconds;
  return steps_done >= budget.steps;
}

}  // namespace optfleet::spec
