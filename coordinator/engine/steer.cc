// A person steers what runs: priority and limit of a sweep, pausing it, draining a worker.
#include <cmath>

#include "common/text.h"
#include "coordinator/engine/guards.h"
#include "coordinator/engine/handlers.h"
#include "coordinator/engine/health.h"
#include "coordinator/engine/requests.h"

namespace optfleet::engine {
namespace {

std::string TextOf(const std::optional<int32_t>& number) { return number ? std::to_string(*number) : "-"; }

std::string TextOf(domain::Pause pause) { return std::to_string(static_cast<int>(pause)); }

std::string WithReason(const std::string& what, const std::string& reason) {
  return reason.empty() ? what : what + ": " + reason;
}

std::string PauseText(domain::Pause pause) {
  return pause == domain::Pause::kStopRunning ? "running attempts stop after a checkpoint"
                                              : "running attempts go on to their end";
}

std::string HoursText(double hours) { return hours == 0 ? "no limit" : FormatSignificant(hours, 6); }

void UpdateGuard(State* state, LiveSweep* sweep, const UpdateSweep& input) {
  std::optional<sweeps::GuardPlan>& guard = sweep->row.search.guard;
  const std::string resource = SweepResource(sweep->row.id);
  const auto before = guard;
  if (input.no_guard && guard) {
    guard.reset();
    state->Say(resource, "changed", "its guard was taken off");
  }
  if (input.device_hours) {
    const double from = guard ? guard->device_hours : 0;
    sweeps::GuardPlan plan = guard.value_or(sweeps::GuardPlan());
    plan.device_hours = *input.device_hours;
    guard = plan.empty() ? std::nullopt : std::optional(plan);
    if (from != *input.device_hours)
      state->Say(resource, "changed",
                 "limit of device hours from " + HoursText(from) + " to " + HoursText(*input.device_hours));
  }
  if (guard == before) return;
  state->touched.sweeps.insert(sweep->row.id);
  GuardIfActive(state, *sweep);
}

}  // namespace

Answer OnUpdateSweep(State* state, const UpdateSweep& input) {
  if (input.max_running && *input.max_running < 0)
    return Error(Code::kInvalidArgument, "max_running must be 0 (no limit) or more");
  if (input.device_hours && !(*input.device_hours >= 0 && std::isfinite(*input.device_hours)))
    return Error(Code::kInvalidArgument, "guard.device_hours must be 0 (no limit) or more");
  const std::string hash = ContentHash(
      {"update_sweep", input.sweep_id, TextOf(input.priority), TextOf(input.max_running),
       input.device_hours ? HoursText(*input.device_hours) : "-", input.no_guard ? "no guard" : ""});
  const auto begun = BeginOnSweep(state, input.request_id, hash, input.sweep_id);
  if (!begun.has_value()) return begun.error();
  if (*begun == nullptr) return SweepAnswer{input.sweep_id};
  domain::Sweep& row = (*begun)->row;
  const auto set = [&](int32_t* field, const std::optional<int32_t>& value, const char* name) {
    if (!value || *value == *field) return;
    state->Say(SweepResource(row.id), "changed",
               std::string(name) + " from " + std::to_string(*field) + " to " + std::to_string(*value));
    *field = *value;
    state->touched.sweeps.insert(row.id);
    state->plan_is_stale = true;
  };
  set(&row.priority, input.priority, "priority");
  set(&row.max_running, input.max_running, "max_running");
  UpdateGuard(state, *begun, input);
  return SweepAnswer{input.sweep_id};
}

Answer OnPauseSweep(State* state, const PauseSweep& input) {
  const std::string hash = ContentHash({"pause_sweep", input.sweep_id, TextOf(input.pause), input.reason});
  const auto asked = AskedOfSweep(state, input.request_id, hash, input.sweep_id);
  if (!asked.has_value()) return asked.error();
  if (asked->earlier) return SweepAnswer{input.sweep_id, true};
  domain::Sweep& row = asked->sweep->row;
  // Before the request is remembered: a repeat of what was refused is not told that it was done.
  if (const auto verdict =
          input.pause == domain::Pause::kStopRunning ? std::nullopt : GuardVerdict(*state, *asked->sweep))
    return Error(Code::kFailedPrecondition,
                 SweepResource(row.id) + " would pause again at once: " + *verdict +
                     "; first raise the limit of its guard, or take the guard off: optctl update " + row.id +
                     " --device-hours HOURS, or --no-guard");
  if (row.state != domain::SweepState::kActive) {
    return Error(Code::kFailedPrecondition, SweepResource(row.id) + " has ended; there is nothing to " +
                                                (input.pause == domain::Pause::kNo ? "resume" : "pause"));
  }
  RememberRequest(state, input.request_id, hash, SweepResource(row.id));
  if (row.pause == input.pause) return SweepAnswer{input.sweep_id};
  row.pause = input.pause;
  state->touched.sweeps.insert(row.id);
  state->plan_is_stale = true;
  if (input.pause == domain::Pause::kNo) {
    state->Say(SweepResource(row.id), "resumed", input.reason);
  } else {
    state->Say(SweepResource(row.id), "paused", WithReason(PauseText(input.pause), input.reason));
  }
  return SweepAnswer{input.sweep_id};
}

Answer OnDrainWorker(State* state, const DrainWorker& input) {
  const std::string resource = WorkerResource(input.worker_id);
  const std::string hash = ContentHash({"drain_worker", input.worker_id, TextOf(input.drain), input.reason});
  const auto earlier = FindRequest(*state, input.request_id, hash);
  if (!earlier.has_value()) return earlier.error();
  LiveWorker* worker = state->FindWorker(input.worker_id);
  if (worker == nullptr) return NoSuch(resource);
  if (earlier->has_value()) return WorkerAnswer{input.worker_id};
  RememberRequest(state, input.request_id, hash, resource);
  if (input.drain == domain::Pause::kNo) ForgiveWorker(state, worker);
  if (worker->row.drain == input.drain) return WorkerAnswer{input.worker_id};
  worker->row.drain = input.drain;
  state->touched.workers.insert(input.worker_id);
  state->WorkerChanged(worker);
  if (input.drain == domain::Pause::kNo) {
    state->Say(resource, "undrained", input.reason);
  } else {
    state->Say(resource, "draining", WithReason(PauseText(input.drain), input.reason));
  }
  return WorkerAnswer{input.worker_id};
}

}  // namespace optfleet::engine
