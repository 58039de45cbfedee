#include "coordinator/engine/effects.h"

#include <iterator>

namespace optfleet::engine {
namespace {

template <typename T>
void MoveBehind(std::vector<T>* target, std::vector<T>& source) {
  target->insert(target->end(), std::make_move_iterator(source.begin()),
                 std::make_move_iterator(source.end()));
}

}  // namespace

bool Changes::empty() const {
  return new_sweeps.empty() && new_jobs.empty() && new_parameters.empty() && dropped_jobs.empty() &&
         extensions.empty() && sweeps.empty() && jobs.empty() && attempts.empty() && logs.empty() &&
         workers.empty() && rungs.empty() && kept.empty() && pins.empty() && events.empty() &&
         requests.empty() && !waiting && !forget_requests_before;
}

void Changes::Append(Changes later) {
  MoveBehind(&new_sweeps, later.new_sweeps);
  MoveBehind(&new_jobs, later.new_jobs);
  MoveBehind(&new_parameters, later.new_parameters);
  MoveBehind(&dropped_jobs, later.dropped_jobs);
  MoveBehind(&extensions, later.extensions);
  MoveBehind(&sweeps, later.sweeps);
  MoveBehind(&jobs, later.jobs);
  MoveBehind(&attempts, later.attempts);
  MoveBehind(&logs, later.logs);
  MoveBehind(&workers, later.workers);
  MoveBehind(&rungs, later.rungs);
  MoveBehind(&kept, later.kept);
  MoveBehind(&pins, later.pins);
  MoveBehind(&events, later.events);
  MoveBehind(&requests, later.requests);
  if (later.waiting) waiting = std::move(later.waiting);
  if (later.forget_requests_before) forget_requests_before = later.forget_requests_before;
}

}  // namespace optfleet::engine
