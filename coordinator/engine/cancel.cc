// A person ends a sweep or some of its jobs.
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/requests.h"
#include "coordinator/engine/totals.h"
#include "coordinator/engine/transitions.h"

namespace optfleet::engine {
namespace {

void CancelOpenJobs(State* state, const std::string& sweep, const std::string& reason) {
  for (LiveJob* job : state->OpenJobsOf(sweep)) Cancel(state, job, reason);
}

}  // namespace

Answer OnCancelSweep(State* state, const CancelSweep& input) {
  const std::string resource = SweepResource(input.sweep_id);
  const std::string hash = ContentHash({"cancel_sweep", input.sweep_id, input.reason});
  const auto begun = BeginOnSweep(state, input.request_id, hash, input.sweep_id);
  if (!begun.has_value()) return begun.error();
  if (*begun == nullptr) return SweepAnswer{input.sweep_id};
  LiveSweep& sweep = **begun;
  // Whatever is on its way to it, too.
  if (const auto more = state->extending.find(input.sweep_id); more != state->extending.end())
    more->second.cancelled = true;
  if (sweep.row.state == domain::SweepState::kActive && !sweep.row.cancel_requested) {
    sweep.row.cancel_requested = true;
    state->touched.sweeps.insert(input.sweep_id);
    state->Say(resource, "cancelling", input.reason);
    CancelOpenJobs(state, input.sweep_id, input.reason);
    EndIfDone(state, &sweep);  // one whose next stage is due has no job that would end it
  }
  return SweepAnswer{input.sweep_id};
}

Answer OnCancelJob(State* state, const CancelJob& input) {
  const std::string resource = ToResource(input.job);
  const std::string hash = ContentHash({"cancel_job", resource, input.reason});
  const auto earlier = FindRequest(*state, input.request_id, hash);
  if (!earlier.has_value()) return earlier.error();
  auto sweep = state->sweeps.find(input.job.sweep);
  if (sweep == state->sweeps.end() || state->expanding.contains(input.job.sweep) || input.job.job < 1 ||
      input.job.job > sweep->second.row.job_count) {
    return NoSuch(resource);
  }
  if (earlier->has_value()) return JobAnswer{input.job};
  RememberRequest(state, input.request_id, hash, resource);
  if (LiveJob* job = state->FindJob(input.job)) Cancel(state, job, input.reason);
  return JobAnswer{input.job};
}

Answer OnCancelJobs(State* state, const CancelJobs& input) {
  std::vector<std::string> parts = {"cancel_jobs", input.sweep_id, input.reason};
  for (const int32_t job : input.jobs) parts.push_back(std::to_string(job));
  const auto begun = BeginOnSweep(state, input.request_id, ContentHash(parts), input.sweep_id, input.jobs);
  if (!begun.has_value()) return begun.error();
  if (*begun == nullptr) return SweepAnswer{input.sweep_id};
  for (const int32_t number : input.jobs) {
    if (LiveJob* job = state->FindJob({input.sweep_id, number})) Cancel(state, job, input.reason);
  }
  return SweepAnswer{input.sweep_id};
}

}  // namespace optfleet::engine
