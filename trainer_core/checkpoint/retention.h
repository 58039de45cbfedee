// When a run writes checkpoints, and which of them stay. Pure.
//
// Written: every checkpoint.every_steps and keep_every_steps steps; with keep_best at a validation whose loss
// is among the k least so far; with at_end after the last step; and whenever somebody asks. Kept for good:
// those of keep_every_steps, the k best, the last one of at_end. Of all others, and these count with them,
// the newest checkpoint.keep stay.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "spec/training_spec.h"

namespace optfleet::trainer {

// A checkpoint whose own step was validated; the others have no place among the best.
struct RankedStep {
  int64_t step = 0;
  double val_loss = 0;
  friend bool operator==(const RankedStep&, const RankedStep&) = default;
};

// Where a run stands between two steps.
struct StepEnd {
  int64_t step = 0;
  bool last = false;
  std::optional<double> val_loss;  // if this step was validated
};

bool IsCheckpointDue(const spec::CheckpointSpec& checkpoint, const StepEnd& end,
                     const std::vector<RankedStep>& best);

// The best of all steps up to `end`, if a checkpoint of it is written: least loss first, the earlier step of
// equal ones, at most keep_best. A loss that is not finite never ranks.
std::vector<RankedStep> BestWith(const StepEnd& end, std::vector<RankedStep> best, int64_t keep_best);

struct Retention {
  std::vector<int64_t> kept;    // for good
  std::vector<int64_t> doomed;  // to delete
};
// `steps`: of the checkpoints that are there, ascending, with that of `end`.
Retention PlanRetention(const std::vector<int64_t>& steps, const spec::CheckpointSpec& checkpoint,
                        const StepEnd& end, const std::vector<RankedStep>& best);

}  // namespace optfleet::trainer
