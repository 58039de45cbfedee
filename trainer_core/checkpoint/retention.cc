#include "trainer_core/checkpoint/retention.h"

#include <algorithm>
#include <cmath>

namespace optfleet::trainer {
namespace {

bool Falls(int64_t every, int64_t step) { return every > 0 && step % every == 0; }

bool Holds(const std::vector<RankedStep>& best, int64_t step) {
  return std::any_of(best.begin(), best.end(), [&](const RankedStep& ranked) { return ranked.step == step; });
}

}  // namespace

bool IsCheckpointDue(const spec::CheckpointSpec& checkpoint, const StepEnd& end,
                     const std::vector<RankedStep>& best) {
  return Falls(checkpoint.every_steps, end.step) || Falls(checkpoint.keep_every_steps, end.step) ||
         (checkpoint.at_end && end.last) || Holds(BestWith(end, best, checkpoint.keep_best), end.step);
}

std::vector<RankedStep> BestWith(const StepEnd& end, std::vector<RankedStep> best, int64_t keep_best) {
  if (!end.val_loss || !std::isfinite(*end.val_loss) || Holds(best, end.step)) return best;
  best.push_back({end.step, *end.val_loss});
  std::stable_sort(best.begin(), best.end(),
                   [](const RankedStep& a, const RankedStep& b) { return a.val_loss < b.val_loss; });
  if (best.size() > static_cast<size_t>(keep_best)) best.resize(static_cast<size_t>(keep_best));
  return best;
}

Retention PlanRetention(const std::vector<int64_t>& steps, const spec::CheckpointSpec& checkpoint,
                        const StepEnd& end, const std::vector<RankedStep>& best) {
  Retention retention;
  for (size_t i = 0; i < steps.size(); ++i) {
    const int64_t step = steps[i];
    const bool last = checkpoint.at_end && end.last && step == end.step;
    const bool newest = i + static_cast<size_t>(std::max<int64_t>(checkpoint.keep, 1)) >= steps.size();
    if (last || Falls(checkpoint.keep_every_steps, step) || Holds(best, step))
      retention.kept.push_back(step);
    else if (!newest)
      retention.doomed.push_back(step);
  }
  return retention;
}

}  // namespace optfleet::trainer
