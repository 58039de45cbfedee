#include "coordinator/engine/guards.h"

#include "coordinator/domain/slot_time.h"

namespace optfleet::engine {
namespace {

int32_t CountOf(const domain::EndedJobs& ended, Outcome outcome) {
  const auto found = ended.by_outcome.find(std::string(OutcomeName(outcome)));
  return found == ended.by_outcome.end() ? 0 : found->second;
}

sweeps::SweepSoFar SoFar(const State& state, const LiveSweep& sweep) {
  return {.ended = sweep.ended.total(),
          .diverged = CountOf(sweep.ended, Outcome::kDiverged),
          .failed = CountOf(sweep.ended, Outcome::kFailed),
          .device_hours = domain::DeviceHours(sweep.slot_time.Until(state.now))};
}

}  // namespace

void GuardIfActive(State* state, const LiveSweep& sweep) {
  if (sweep.row.search.guard && sweep.row.state == domain::SweepState::kActive)
    state->guarded.insert(sweep.row.id);
  else
    state->guarded.erase(sweep.row.id);
}

std::optional<std::string> GuardVerdict(const State& state, const LiveSweep& sweep) {
  if (!sweep.row.search.guard) return std::nullopt;
  return sweeps::WhyOver(*sweep.row.search.guard, SoFar(state, sweep));
}

void SettleGuards(State* state) {
  for (const std::string& id : state->guarded) {
    LiveSweep& sweep = state->sweeps.at(id);
    if (sweep.row.pause == domain::Pause::kStopRunning) continue;
    const auto verdict = GuardVerdict(*state, sweep);
    if (!verdict) continue;
    sweep.row.pause = domain::Pause::kStopRunning;
    state->touched.sweeps.insert(id);
    state->plan_is_stale = true;
    state->Say(SweepResource(id), "paused", "by its guard: " + *verdict);
  }
}

}  // namespace optfleet::engine
