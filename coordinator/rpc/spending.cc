#include "coordinator/rpc/spending.h"

#include "common/outcome.h"

namespace optfleet::rpc {
namespace {

void SetBound(const sweeps::JobsOrShare& bound, v1::JobBound* wire) {
  if (bound.share > 0)
    wire->set_share(bound.share);
  else
    wire->set_jobs(bound.jobs);
}

void SetGuard(const std::optional<sweeps::GuardPlan>& guard, v1::Sweep* wire) {
  if (!guard) return;
  v1::Guard* set = wire->mutable_guard();
  if (guard->diverged) SetBound(*guard->diverged, set->mutable_diverged());
  if (guard->failed) SetBound(*guard->failed, set->mutable_failed());
  set->set_after_jobs(guard->after);
  set->set_device_hours(guard->device_hours);
}

int32_t CountOf(const store::SweepView& view, Outcome outcome) {
  const auto found = view.counts.find(std::string(OutcomeName(outcome)));
  return found == view.counts.end() ? 0 : found->second;
}

// As the engine judges it (engine/guards.cc).
std::string VerdictOf(const store::SweepView& view, double device_hours) {
  const domain::Sweep& sweep = view.sweep;
  if (!sweep.search.guard || sweep.pause == domain::Pause::kNo) return "";
  int32_t ended = 0;
  for (const auto& [name, count] : view.counts)
    if (OutcomeFromName(name)) ended += count;
  return sweeps::WhyOver(*sweep.search.guard, {.ended = ended,
                                               .diverged = CountOf(view, Outcome::kDiverged),
                                               .failed = CountOf(view, Outcome::kFailed),
                                               .device_hours = device_hours})
      .value_or("");
}

double HoursOf(const store::SweepView& view, Time now) {
  domain::SlotMicros time = view.slot_time;
  for (const auto& [start, shares] : view.running) time += domain::SlotMicrosBetween(start, now, shares);
  return domain::DeviceHours(time);
}

}  // namespace

void SetSpending(const store::SweepView& view, Time now, v1::Sweep* wire) {
  SetGuard(view.sweep.search.guard, wire);
  wire->set_device_hours(HoursOf(view, now));
  wire->set_guard_verdict(VerdictOf(view, wire->device_hours()));
}

}  // namespace optfleet::rpc
