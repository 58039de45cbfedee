#include "coordinator/engine/totals.h"

#include <cmath>
#include <iterator>
#include <utility>

#include "coordinator/domain/check.h"
#include "coordinator/engine/guards.h"
#include "coordinator/engine/stopping.h"

namespace optfleet::engine {
namespace {

using domain::SweepState;

// With equal objectives the least number is the best.
void TakeBest(domain::EndedJobs* ended, double cost, int32_t job) {
  if (ended->best_job && std::pair(ended->best_cost, *ended->best_job) <= std::pair(cost, job)) return;
  ended->best_job = job;
  ended->best_cost = cost;
}

// Which jobs keep their checkpoints may be others from now on. A job that took an outcome over has none.
void RankForKeeping(State* state, LiveSweep* sweep, const domain::Job& job) {
  const domain::KeepPolicy& keep = sweep->row.keep;
  if (!keep.limits() || job.status.reused_from) return;
  state->uncollected.insert(sweep->row.id);
  if (!keep.best_jobs || !job.status.objective) return;
  sweep->best.insert({sweep->row.objective.CostOf(*job.status.objective), job.name().job});
  if (sweep->best.size() > static_cast<size_t>(*keep.best_jobs))
    sweep->best.erase(std::prev(sweep->best.end()));
}

}  // namespace

// Only jobs that trained as planned compete: the figures of a diverged one say nothing about its last steps.
std::optional<double> ObjectiveOf(const domain::JobStatus& status, const std::string& key) {
  if (status.outcome != Outcome::kSucceeded && status.outcome != Outcome::kStoppedEarly) return std::nullopt;
  auto found = status.final.find(key);
  if (found == status.final.end() || !std::isfinite(found->second)) return std::nullopt;
  return found->second;
}

int32_t OpenJobs(const LiveSweep& sweep) { return sweep.row.job_count - sweep.ended.total(); }

bool IsStageDue(const LiveSweep& sweep) {
  return sweep.row.state == SweepState::kActive && OpenJobs(sweep) == 0 && sweep.row.stages.has_next() &&
         !sweep.row.cancel_requested;
}

void CountEndedJob(State* state, domain::Job* job) {
  LiveSweep& sweep = state->SweepOf(job->name());
  domain::JobStatus& status = job->status;
  status.objective = ObjectiveOf(status, sweep.row.objective.metric);
  ++sweep.ended.by_outcome[std::string(OutcomeName(*status.outcome))];
  sweep.ended_steps += status.step;
  if (status.objective)
    TakeBest(&sweep.ended, sweep.row.objective.CostOf(*status.objective), job->name().job);
  if (status.outcome == Outcome::kSucceeded && job->name().job >= sweep.row.first_competitor)
    ++sweep.finished;
  RankForKeeping(state, &sweep, *job);
  EndIfDone(state, &sweep);
}

void CountReused(LiveSweep* sweep, const ReusedJobs& reused) {
  const auto count = static_cast<int32_t>(reused.numbers.size());
  if (count == 0) return;
  sweep->ended.by_outcome[std::string(OutcomeName(Outcome::kSucceeded))] += count;
  sweep->ended_steps += reused.steps;
  sweep->row.reused_jobs += count;
  sweep->finished += count;
  if (reused.best) TakeBest(&sweep->ended, reused.best->first, reused.best->second);
}

void EndIfDone(State* state, LiveSweep* done) {
  LiveSweep& sweep = *done;
  const int32_t open = OpenJobs(sweep);
  OPTFLEET_CHECK(open >= 0, sweep.row.id);
  if (open > 0 || sweep.row.state != SweepState::kActive) return;
  if (IsStageDue(sweep)) {
    state->due_stages.insert(sweep.row.id);
    return;
  }
  state->due_stages.erase(sweep.row.id);
  Move(&sweep.row.state, sweep.row.cancel_requested ? SweepState::kCancelled : SweepState::kEnded);
  sweep.row.end_time = state->now;
  WatchIfActive(state, sweep);
  GuardIfActive(state, sweep);
  state->touched.sweeps.insert(sweep.row.id);
  state->Say(SweepResource(sweep.row.id), Name(sweep.row.state), "");
}

Census TakeCensus(const State& state) {
  Census census;
  for (const auto& [id, sweep] : state.sweeps) {
    ++census.sweeps_by_state[std::string(Name(sweep.row.state))];
    for (const auto& [outcome, count] : sweep.ended.by_outcome) census.jobs_by_state[outcome] += count;
    if (sweep.fresh.size() > 0)
      census.jobs_by_state[std::string(Name(domain::JobState::kQueued))] += sweep.fresh.size();
  }
  for (const auto& [name, job] : state.jobs) ++census.jobs_by_state[std::string(Name(job.row.status.state))];
  for (const auto& [outcome, count] : state.attempts_ended) {
    census.attempts_by_outcome[std::string(OutcomeName(outcome))] = count;
  }
  for (const auto& [id, worker] : state.workers) {
    Census::Slots& slots = census.slots[id];
    slots.total = static_cast<int64_t>(worker.row.slots.size());
    std::set<int32_t> taken;
    for (const auto& [name, occupied] : worker.reported)
      taken.insert(occupied.slots.begin(), occupied.slots.end());
    for (const AttemptName& name : worker.attempts) {
      const auto& assigned = state.jobs.at(name.job).attempts.at(name.attempt).row.slots;
      taken.insert(assigned.begin(), assigned.end());
    }
    slots.taken = static_cast<int64_t>(taken.size());
  }
  return census;
}

}  // namespace optfleet::engine
