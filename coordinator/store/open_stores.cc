#include "coordinator/store/open_stores.h"

#include <utility>

#include "coordinator/store/load_reports.h"

namespace optfleet::store {
namespace {

Status DropUndone(OpenedStores* stores) {
  const auto newest = stores->state->NewestAfterRestore();
  if (!newest.has_value()) return Fail(newest.error());
  if (!newest->has_value()) return {};
  OPTFLEET_RETURN_IF_ERROR(stores->metrics->DropNewer(**newest));
  return stores->state->MetricsAgree();
}

Status LinkAll(OpenedStores* stores) {
  const auto resumed = stores->state->ResumedOfEndedJobs();
  if (!resumed.has_value()) return Fail(resumed.error());
  OPTFLEET_RETURN_IF_ERROR(stores->metrics->Link(*resumed));
  return stores->metrics->Link(stores->saved.attempts);
}

}  // namespace

Result<OpenedStores> OpenStores(const StoreOptions& options) {
  OpenedStores stores;
  auto state = StateStore::Open(options);
  if (!state.has_value()) return Fail(std::move(state).error());
  stores.state = *std::move(state);
  auto metrics = MetricsStore::Open(options);
  if (!metrics.has_value()) return Fail(std::move(metrics).error());
  stores.metrics = *std::move(metrics);
  OPTFLEET_RETURN_IF_ERROR(DropUndone(&stores));
  auto saved = stores.state->Load();
  if (!saved.has_value()) return Fail(std::move(saved).error());
  stores.saved = *std::move(saved);
  OPTFLEET_RETURN_IF_ERROR(LinkAll(&stores));
  auto held = stores.metrics->Held(stores.saved.attempts);
  if (!held.has_value()) return Fail(std::move(held).error());
  stores.saved.held = *std::move(held);
  OPTFLEET_RETURN_IF_ERROR(LoadReports(options, &stores.saved));
  return stores;
}

}  // namespace optfleet::store
