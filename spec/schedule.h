// The values that a run changes from step to step, as a pure function of where it stands; the trainer and
// `opt-trainer schedule` compute them here. Immutable, so usable from any thread.
//
// The position s of a step counts from 1 to T steps. In a run that ends by time it is the share of
// budget.seconds that was used before the step, from 0 to 1; all lengths are then shares, and what a step is
// to s below has no length. Lengths: W warmup, E horizon, F freeze, D decay, C cycle. Ratios to the peak: a
// start_ratio, r final_ratio. The curve f(s), 1 at the peak:
//   rise, s < W               a + (1-a) s/W                           (so the peak is reached exactly at W)
//   constant                  1
//   cosine, linear            from 1 at W to r at E, then r
//   inverse_sqrt              sqrt(W/s)
//   max_cosine_inverse_sqrt   the larger of the two
//   warmup_stable_decay       1 up to E - D, from there by schedule.shape to r at E, then r
//   one_cycle                 by schedule.shape from a at s = 1 to 1 at W, to r at E, then r: as
//                             torch.optim.lr_scheduler.OneCycleLR at epoch s-1 with pct_start W/E, div_factor
//                             1/a, final_div_factor a/r
//   warm_restarts             after W cosines from 1 to r of C, C m, C m^2 ... steps, m cycle_factor, each
//                             begun by a step at 1 and broken off before r: as CosineAnnealingWarmRestarts at
//                             epoch s-W-1 (arXiv 1608.03983)
//   stages                    spec/stages.h; a stage reaches its second value at its last step
// A freeze shifts the curve: 0 for s < F, then f(s - F) with E - F in the place of E; f(0) is a with a
// warm-up. A second warm-up from s0 to s1 comes last: 0 for s < s0, then linear up to the value at s1.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/stages.h"
#include "spec/training_spec.h"

namespace optfleet::spec {

struct ScheduledValues {
  double factor = 1;         // of every peak learning rate
  double learning_rate = 0;  // optimizer.learning_rate x factor
  double clip_norm = 0;      // bound of the gradient's norm; 0: no clipping
  double mixture_share = 1;  // of ademamix's slow moment: s / mixture_warmup, then 1
};

class Schedule {
 public:
  // The spec is resolved.
  explicit Schedule(const TrainingSpec& spec);

  ScheduledValues At(double position) const;
  // As At(position).factor.
  double Factor(double position) const;

 private:
  double Inner(double s) const;  // without the second warm-up
  double Curve(double s) const;  // shifted by the freeze
  double Rise(double s) const;
  double Fall(DecayShape shape, double begin, double s) const;  // from 1 at `begin` to the end
  double InverseSqrt(double s) const;
  double Restarted(double s) const;
  double Staged(double s) const;

  ScheduleKind kind_;
  DecayShape shape_;
  double peak_;
  double clip_norm_;
  double clip_warmup_factor_;
  double scale_ = 1;       // of a position in the unit of the lengths below: steps or percent
  double first_step_ = 1;  // of a run: its position
  double warmup_, start_ratio_, final_ratio_, end_, decay_, cycle_, freeze_, rewarm_start_, rewarm_end_;
  double clip_warmup_;
  double mixture_warmup_;
  double cycle_factor_;
  std::vector<Stage> stages_;
};

// Where a run stands when it takes a step. `step` counts from 1; `used_seconds` were spent in the steps
// before it.
double PositionOf(const BudgetSpec& budget, int64_t step, double used_seconds);

// Whether a run has come to its end. One with a budget of seconds has taken at least one step.
bool IsOver(const BudgetSpec& budget, int64_t steps_done, double used_seconds);

}  // namespace optfleet::spec
