#include "coordinator/engine/estimates.h"

#include <algorithm>
#include <cmath>

namespace optfleet::engine {
namespace {

using Seconds = std::chrono::duration<double>;

// Loading, compiling and the first steps are not typical.
constexpr int64_t kFewestSteps = 10;

Duration Rounded(double seconds) {
  double rounded = 1;
  while (rounded < seconds) rounded *= 1.25;
  return std::chrono::duration_cast<Duration>(Seconds(rounded));
}

int64_t StepsTrained(const LiveAttempt& attempt) { return attempt.step - attempt.row.resume_step; }

// Seconds per step of this attempt up to now.
std::optional<double> OwnPace(const LiveAttempt& attempt, Time now) {
  const int64_t steps = StepsTrained(attempt);
  if (!attempt.row.start_time || steps < kFewestSteps) return std::nullopt;
  return Seconds(now - *attempt.row.start_time).count() / static_cast<double>(steps);
}

std::optional<double> PaceOf(const LiveSweep& sweep) {
  if (sweep.trained_steps < kFewestSteps) return std::nullopt;
  return sweep.trained_seconds / static_cast<double>(sweep.trained_steps);
}

}  // namespace

std::optional<Duration> ExpectedRun(const LiveSweep& sweep, int64_t total_steps) {
  const auto pace = PaceOf(sweep);
  if (!pace || total_steps <= 0) return std::nullopt;
  return Rounded(*pace * static_cast<double>(total_steps));
}

std::optional<Time> ExpectedEnd(const State& state, const LiveJob& job, const LiveAttempt& attempt) {
  const int64_t total = job.row.definition.total_steps;
  if (total <= 0) return std::nullopt;
  auto pace = OwnPace(attempt, state.now);
  if (!pace) pace = PaceOf(state.sweeps.at(job.row.name().sweep));
  if (!pace) return std::nullopt;
  const auto left = static_cast<double>(std::max<int64_t>(0, total - attempt.step));
  return state.now + std::chrono::duration_cast<Duration>(Seconds(left * *pace));
}

void LearnSpeed(State* state, const LiveAttempt& attempt) {
  const int64_t steps = StepsTrained(attempt);
  if (!attempt.row.start_time || steps < kFewestSteps) return;
  LiveSweep& sweep = state->SweepOf(attempt.row.name.job);
  sweep.trained_steps += steps;
  sweep.trained_seconds += Seconds(state->now - *attempt.row.start_time).count();
}

}  // namespace optfleet::engine
