#include "coordinator/engine/resume.h"

#include <algorithm>

namespace optfleet::engine {
namespace {

// Whether checkpoints on this worker are worth waiting for.
bool IsWithinReach(const State& state, const std::string& id) {
  auto found = state.workers.find(id);
  if (found == state.workers.end()) return false;
  const LiveWorker& worker = found->second;
  if (worker.row.excluded_until) return false;
  return !worker.away_since || state.now < *worker.away_since + state.options.lease;
}

}  // namespace

const LiveAttempt* BestCheckpoint(const State& state, const LiveJob& job, const std::string& worker) {
  const LiveAttempt* best = nullptr;
  for (const auto& [number, attempt] : job.attempts) {
    if (attempt.row.checkpoint_step == 0) continue;
    if (worker.empty() ? !IsWithinReach(state, attempt.row.worker) : attempt.row.worker != worker) continue;
    if (best == nullptr || attempt.row.checkpoint_step >= best->row.checkpoint_step) best = &attempt;
  }
  return best;
}

bool MayBeResumedFrom(const State& state, const LiveJob& job, const LiveAttempt& attempt) {
  if (job.row.status.stop || attempt.row.checkpoint_step == 0) return false;
  // Each worker keeps its best, since the best of all may be out of reach when it matters.
  return BestCheckpoint(state, job, attempt.row.worker) == &attempt;
}

namespace {

// It was told to go on from there and has not said yet whether it did.
bool MayHaveResumed(const domain::Attempt& child, const domain::Attempt& parent) {
  return child.resume_attempt == parent.name.attempt && !child.start_known;
}

}  // namespace

int64_t NeededRecord(const State& state, const LiveJob& job, const LiveAttempt& attempt) {
  int64_t needed = MayBeResumedFrom(state, job, attempt) ? attempt.row.checkpoint_record : 0;
  for (const auto& [number, child] : job.attempts) {
    if (child.row.parent == attempt.row.name.attempt) needed = std::max(needed, child.row.resume_record);
    if (MayHaveResumed(child.row, attempt.row)) needed = std::max(needed, attempt.row.checkpoint_record);
  }
  return std::min(needed, attempt.row.record_limit);
}

bool IsStillNeeded(const State& state, const LiveJob& job, const LiveAttempt& attempt) {
  if (MayBeResumedFrom(state, job, attempt) || attempt.held_record < NeededRecord(state, job, attempt))
    return true;
  return std::any_of(job.attempts.begin(), job.attempts.end(),
                     [&](const auto& entry) { return MayHaveResumed(entry.second.row, attempt.row); });
}

}  // namespace optfleet::engine
