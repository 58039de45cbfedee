// A person ends a sweep or a job.
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/requests.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

Error NoSuch(const std::string& resource) { return Error(Code::kNotFound, "there is no " + resource); }

void CancelOpenJobs(State* state, const std::string& sweep, const std::string& reason) {
  for (auto it = state->jobs.lower_bound({sweep, 0}); it != state->jobs.end() && it->first.sweep == sweep;
       ++it) {
    if (it->second.row.status.state != domain::JobState::kEnded) Cancel(state, &it->second, reason);
  }
}

}  // namespace

Answer OnCancelSweep(State* state, const CancelSweep& input) {
  const std::string resource = SweepResource(input.sweep_id);
  const std::string hash = ContentHash({"cancel_sweep", input.sweep_id, input.reason});
  const auto earlier = FindRequest(*state, input.request_id, hash);
  if (!earlier.has_value()) return earlier.error();
  auto found = state->sweeps.find(input.sweep_id);
  if (found == state->sweeps.end()) return NoSuch(resource);
  if (earlier->has_value()) return SweepAnswer{input.sweep_id};
  RememberRequest(state, input.request_id, hash, resource);
  LiveSweep& sweep = found->second;
  if (sweep.row.state == domain::SweepState::kActive && !sweep.row.cancel_requested) {
    sweep.row.cancel_requested = true;
    state->touched.sweeps.insert(input.sweep_id);
    state->Say(resource, "cancelling", input.reason);
    CancelOpenJobs(state, input.sweep_id, input.reason);
  }
  return SweepAnswer{input.sweep_id};
}

Answer OnCancelJob(State* state, const CancelJob& input) {
  const std::string resource = ToResource(input.job);
  const std::string hash = ContentHash({"cancel_job", resource, input.reason});
  const auto earlier = FindRequest(*state, input.request_id, hash);
  if (!earlier.has_value()) return earlier.error();
  auto sweep = state->sweeps.find(input.job.sweep);
  if (sweep == state->sweeps.end() || input.job.job < 1 || input.job.job > sweep->second.row.job_count) {
    return NoSuch(resource);
  }
  if (earlier->has_value()) return JobAnswer{input.job};
  RememberRequest(state, input.request_id, hash, resource);
  if (LiveJob* job = state->FindJob(input.job)) Cancel(state, job, input.reason);
  return JobAnswer{input.job};
}

}  // namespace optfleet::engine
