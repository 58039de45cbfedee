#include "coordinator/engine/rungs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "coordinator/domain/check.h"
#include "coordinator/engine/stopping.h"
#include "coordinator/engine/totals.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

using domain::JobState;

// The step of that rung; 0 if the job is too short to have it.
int64_t StepOfRung(const LiveSweep& sweep, const LiveJob& job, int32_t rung) {
  const auto steps = sweeps::RungSteps(*sweep.row.search.halving, job.row.definition.total_steps);
  const auto index = static_cast<size_t>(rung);
  return index < steps.size() ? steps[index] : 0;
}

// "2nd of 9 at rung 0 (step 20); the best 3 go on", of the rung where it is.
std::string StandingText(const LiveSweep& sweep, const LiveJob& job) {
  const int32_t rung = job.row.status.rung;
  return sweep.halving->RankText(job.row.name().job, rung, StepOfRung(sweep, job, rung));
}

bool Competes(const LiveSweep& sweep, const LiveJob& job) {
  return sweep.halving && job.row.status.rung != domain::kNoRung &&
         job.row.name().job >= sweep.row.first_competitor;
}

double CostIn(const domain::Figures& figures, const sweeps::Objective& objective) {
  const auto found = figures.find(objective.metric);
  return found == figures.end() ? std::numeric_limits<double>::quiet_NaN() : objective.CostOf(found->second);
}

int64_t NewestStep(const LiveAttempt& attempt) {
  return std::max({attempt.step, attempt.row.checkpoint_step, attempt.row.resume_step});
}

void Note(State* state, const LiveSweep& sweep, const JobName& name, int32_t rung) {
  const auto standing = sweep.halving->StandingOf(name.job, rung);
  state->changes.rungs.push_back({name, {name.job, rung, standing->value, standing->promoted}});
}

void GoOn(State* state, LiveSweep* sweep, int32_t number) {
  LiveJob* job = state->FindJob({sweep->row.id, number});
  OPTFLEET_CHECK(job != nullptr && job->row.status.state == JobState::kPaused, sweep->row.id);
  const std::string standing = StandingText(*sweep, *job);
  const int32_t rung = job->row.status.rung++;
  const int64_t next = StepOfRung(*sweep, *job, rung + 1);
  Note(state, *sweep, job->row.name(), rung);
  Continue(state, job,
           "goes on to step " + std::to_string(next > 0 ? next : job->row.definition.total_steps) + ": " +
               standing);
}

std::vector<LiveJob*> PausedJobsOf(State* state, const std::string& sweep) {
  std::vector<LiveJob*> paused;
  for (auto it = state->jobs.lower_bound({sweep, 0}); it != state->jobs.end() && it->first.sweep == sweep;
       ++it)
    if (it->second.row.status.state == JobState::kPaused) paused.push_back(&it->second);
  return paused;
}

void EndPaused(State* state, LiveSweep* sweep) {
  for (LiveJob* job : PausedJobsOf(state, sweep->row.id)) StopPaused(state, job, StandingText(*sweep, *job));
}

void Settle(State* state, LiveSweep* sweep) {
  for (const int32_t number : sweep->halving->Promote()) GoOn(state, sweep, number);
  // What is coming competes with those that wait.
  if (sweep->paused == 0 || sweep->paused < OpenJobs(*sweep)) return;
  if (state->extending.contains(sweep->row.id))
    return static_cast<void>(state->unsettled.insert(sweep->row.id));
  // Few jobs leave none at the top: without this one nobody would know what the best of them comes to.
  if (sweep->finished == 0) {
    if (const auto best = sweep->halving->PromoteBest()) return GoOn(state, sweep, *best);
  }
  EndPaused(state, sweep);
}

}  // namespace

int64_t PauseStep(const State& state, const LiveJob& job) {
  const LiveSweep& sweep = state.sweeps.at(job.row.name().sweep);
  if (!Competes(sweep, job)) return 0;
  return StepOfRung(sweep, job, job.row.status.rung);
}

bool EndedAtRung(const State& state, const LiveJob& job, const LiveAttempt& attempt) {
  const int64_t step = PauseStep(state, job);
  return step > 0 && attempt.row.outcome == Outcome::kPreempted && NewestStep(attempt) >= step;
}

void PauseAtRung(State* state, LiveJob* job, const LiveAttempt& attempt) {
  LiveSweep& sweep = state->SweepOf(job->row.name());
  domain::JobStatus& status = job->row.status;
  status.final = attempt.row.reported->final;
  const int32_t number = job->row.name().job;
  sweep.halving->Reach(number, status.rung, CostIn(status.final, sweep.row.objective));
  Note(state, sweep, job->row.name(), status.rung);
  Pause(state, job, "paused at a rung: " + StandingText(sweep, *job));
  state->unsettled.insert(sweep.row.id);
}

void LeaveRungs(State* state, const LiveJob& job) {
  LiveSweep& sweep = state->SweepOf(job.row.name());
  if (sweep.halving) state->unsettled.insert(sweep.row.id);  // only paused ones may be left
  if (!Competes(sweep, job)) return;
  const domain::JobStatus& status = job.row.status;
  const int32_t number = job.row.name().job;
  const bool fell = status.outcome == Outcome::kFailed || status.outcome == Outcome::kDiverged ||
                    status.outcome == Outcome::kOutOfMemory;
  if (fell && PauseStep(*state, job) > 0) {
    sweep.halving->Reach(number, status.rung, std::numeric_limits<double>::quiet_NaN());
    Note(state, sweep, job.row.name(), status.rung);
  }
  sweep.halving->Leave(number);
}

void RejoinRungs(State* state, LiveJob* job) {
  domain::JobStatus& status = job->row.status;
  status.rung = status.attempt_count > 0 ? domain::kNoRung : 0;
  LiveSweep& sweep = state->SweepOf(job->row.name());
  if (Competes(sweep, *job)) sweep.halving->Return(job->row.name().job);
}

void BeginCompetition(LiveSweep* sweep) {
  sweep->row.first_competitor = sweep->row.job_count + 1;
  sweep->finished = 0;
  if (sweep->row.search.halving) sweep->halving.emplace(sweep->row.search.halving->factor);
  BeginStopping(sweep);
}

void SettleRungs(State* state) {
  for (const std::string& id : std::exchange(state->unsettled, {})) {
    const auto sweep = state->sweeps.find(id);
    if (sweep != state->sweeps.end() && sweep->second.halving) Settle(state, &sweep->second);
  }
}

}  // namespace optfleet::engine
