#include "coordinator/engine/add_jobs.h"

#include <utility>

#include "coordinator/engine/kept.h"
#include "coordinator/engine/totals.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

// It has ended before it could start. No event of its own says so: its reason does, and sweeps that are
// expanded in parts may still be abandoned.
void EndReused(State* state, const domain::JobDefinition& definition, TakenOver taken_over) {
  domain::Job job{definition, {}};
  domain::JobStatus& status = job.status;
  Move(&status.state, domain::JobState::kEnded);
  status.outcome = Outcome::kSucceeded;
  status.reason = "taken over from " + ToResource(taken_over.from);
  status.step = taken_over.step;
  status.final = std::move(taken_over.final);
  status.end_time = state->now;
  status.reused_from = taken_over.from;
  ++state->SweepOf(job.name()).row.reused_jobs;
  CountEndedJob(state, &job);
  state->changes.jobs.emplace_back(job.name(), std::move(status));
}

}  // namespace

void AddJobs(State* state, std::vector<Point> points, const std::string& sweep,
             std::vector<domain::JobDefinition>* added, WaitQueue* waiting) {
  added->reserve(added->size() + points.size());
  LiveSweep& live = state->sweeps.at(sweep);
  int32_t number = live.row.job_count;
  live.row.job_count += static_cast<int32_t>(points.size());
  for (Point& point : points) {
    const JobKind kind{point.resources, point.total_steps, state->now};
    const JobName name{sweep, ++number};
    if (!point.taken_over) {
      live.fresh.Add(number, kind);
      NoteStarts(state, name, point.spec_json);
      (waiting == nullptr ? state->queue : *waiting).Add(sweep, number, kind);
    }
    added->push_back({.name = name,
                      .parameters = std::move(point.parameters),
                      .spec_json = std::move(point.spec_json),
                      .spec_hash = std::move(point.spec_hash),
                      .total_steps = point.total_steps,
                      .resources = std::move(point.resources),
                      .create_time = state->now});
    if (point.taken_over) EndReused(state, added->back(), *std::move(point.taken_over));
  }
  state->plan_is_stale = state->plan_is_stale || waiting == nullptr;
}

void DropReused(LiveSweep* sweep) {
  --sweep->row.reused_jobs;
  auto counted = sweep->ended.by_outcome.find(std::string(OutcomeName(Outcome::kSucceeded)));
  if (--counted->second == 0) sweep->ended.by_outcome.erase(counted);
}

std::string JobsText(int32_t jobs, int32_t reused) {
  return std::to_string(jobs) + (jobs == 1 ? " job" : " jobs") +
         (reused > 0 ? ", " + std::to_string(reused) + " of them taken over" : "");
}

}  // namespace optfleet::engine
