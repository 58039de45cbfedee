#include "coordinator/engine/stopping.h"

namespace optfleet::engine {
namespace {

using domain::AttemptState;

bool MayBeStopped(const LiveJob& job, const LiveAttempt& attempt) {
  return job.newest() == &attempt && attempt.row.state == AttemptState::kRunning && !job.row.status.stop &&
         job.row.status.rung != domain::kNoRung;
}

// Its worker is told to end it; what it came to counts.
void Stop(State* state, LiveJob* job, const sweeps::StopVerdict& verdict) {
  domain::JobStatus& status = job->row.status;
  status.stop = verdict.diverged ? Outcome::kDiverged : Outcome::kStoppedEarly;
  status.stop_reason = verdict.reason;
  state->Touch(job->row);
  state->Say(ToResource(job->row.name()), "stopping", status.stop_reason);
}

}  // namespace

void BeginStopping(LiveSweep* sweep) {
  if (sweep->row.search.stop) sweep->rules.emplace(*sweep->row.search.stop, sweep->row.objective.maximize);
}

void WatchIfActive(State* state, const LiveSweep& sweep) {
  if (!sweep.rules) return;
  if (sweep.row.state == domain::SweepState::kActive)
    state->watched.insert_or_assign(sweep.row.id, sweep.row.objective.metric);
  else
    state->watched.erase(sweep.row.id);
}

void Observe(State* state, LiveJob* job, const LiveAttempt& attempt,
             const std::vector<Observation>& observations) {
  LiveSweep& sweep = state->SweepOf(job->row.name());
  const int32_t number = job->row.name().job;
  if (!sweep.rules || number < sweep.row.first_competitor) return;
  for (const Observation& observation : observations) {
    const auto verdict =
        sweep.rules->Add({number, observation.step, observation.value}, job->row.definition.total_steps);
    if (verdict && MayBeStopped(*job, attempt)) Stop(state, job, *verdict);
  }
}

void ObserveAgain(State* state, const std::map<std::string, std::vector<sweeps::Report>>& reports) {
  for (const auto& [id, all] : reports) {
    const auto sweep = state->sweeps.find(id);
    if (sweep == state->sweeps.end() || !sweep->second.rules) continue;
    for (const sweeps::Report& report : all) {
      if (report.job < sweep->second.row.first_competitor) continue;
      // Of one that has ended only what it says of others matters, for which its length does not.
      const auto job = state->jobs.find({id, report.job});
      const int64_t steps = job == state->jobs.end() ? 0 : job->second.row.definition.total_steps;
      sweep->second.rules->Add(report, steps);
    }
  }
}

}  // namespace optfleet::engine
