#include "coordinator/engine/add_jobs.h"

#include <algorithm>
#include <utility>

#include "coordinator/engine/kept.h"
#include "coordinator/engine/totals.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

// It has ended before it could start. No event of its own says so: its reason does, and what comes in parts
// may still be abandoned.
void EndReused(State* state, const JobName& name, TakenOver taken_over, const JobsPlace& place) {
  domain::JobStatus status;
  Move(&status.state, domain::JobState::kEnded);
  status.outcome = Outcome::kSucceeded;
  status.reason = "taken over from " + ToResource(taken_over.from);
  status.step = taken_over.step;
  status.final = std::move(taken_over.final);
  status.end_time = state->now;
  status.reused_from = taken_over.from;
  status.objective = ObjectiveOf(status, place.sweep->row.objective.metric);
  place.reused->numbers.insert(name.job);
  place.reused->steps += status.step;
  if (status.objective) {
    const std::pair ranked(place.sweep->row.objective.CostOf(*status.objective), name.job);
    place.reused->best = std::min(place.reused->best.value_or(ranked), ranked);
  }
  state->changes.jobs.emplace_back(name, std::move(status));
}

}  // namespace

void AddJobs(State* state, std::vector<Point> points, const JobsPlace& place,
             std::vector<domain::JobDefinition>* added) {
  added->reserve(added->size() + points.size());
  const std::string& sweep = place.sweep->row.id;
  int32_t number = place.last_number;
  for (Point& point : points) {
    const JobKind kind{point.resources, point.total_steps, state->now};
    const JobName name{sweep, ++number};
    if (point.taken_over) {
      EndReused(state, name, *std::move(point.taken_over), place);
    } else {
      place.fresh->Add(number, kind);
      NoteStarts(state, name, point.spec_json);
      place.queue->Add(sweep, number, kind);
    }
    added->push_back({.name = name,
                      .parameters = std::move(point.parameters),
                      .spec_json = std::move(point.spec_json),
                      .spec_hash = std::move(point.spec_hash),
                      .total_steps = point.total_steps,
                      .resources = std::move(point.resources),
                      .create_time = state->now});
  }
  state->plan_is_stale = state->plan_is_stale || place.queue == &state->queue;
}

std::string JobsText(int32_t jobs, int32_t reused) {
  return std::to_string(jobs) + (jobs == 1 ? " job" : " jobs") +
         (reused > 0 ? ", " + std::to_string(reused) + " of them taken over" : "");
}

}  // namespace optfleet::engine
