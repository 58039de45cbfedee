#include "coordinator/rpc/misfits.h"

#include <algorithm>

#include "coordinator/rpc/limits.h"
#include "coordinator/rpc/points.h"

namespace optfleet::rpc {
namespace {

scheduler::WorkerOffer OfferOf(const domain::Worker& worker, const std::string& model) {
  scheduler::WorkerOffer offer;
  offer.worker = worker.id;
  offer.labels = worker.labels;
  offer.host_memory_bytes = offer.free_host_memory_bytes = worker.host_memory_bytes;
  for (const domain::Slot& slot : worker.slots) {
    if (!model.empty() && slot.model != model) continue;
    offer.slots.push_back({.index = slot.index,
                           .kind = slot.kind,
                           .memory_bytes = slot.memory_bytes,
                           .free_share = domain::kWholeSlot,
                           .free_memory_bytes = slot.memory_bytes,
                           .free_at = std::nullopt});
  }
  return offer;
}

// "it needs 12.0 GiB on a slot, and the largest has 4.0 GiB" and the same of 13.0 GiB are one.
std::string WithoutFigures(std::string text) {
  std::erase_if(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return text;
}

}  // namespace

MisfitFinder::MisfitFinder(const std::vector<store::WorkerView>& workers, const std::string& model) {
  for (const store::WorkerView& view : workers) {
    if (view.worker.state == domain::WorkerState::kGone) continue;
    scheduler::WorkerOffer offer = OfferOf(view.worker, model);
    if (!offer.slots.empty()) offers_.push_back(std::move(offer));
  }
  for (const scheduler::WorkerOffer& offer : offers_) workers_.push_back(&offer);
}

void MisfitFinder::Begin(const sweeps::Resources& resources) {
  asked_ = resources;
  memory_.emplace(MemoryDeviceOf(resources));
}

void MisfitFinder::Look(const std::vector<sweeps::Job>& jobs) {
  if (workers_.empty()) return;
  for (const sweeps::Job& job : jobs) {
    const int64_t predicted = memory_->Predict(job.spec)->peak().total();
    const domain::Resources request = ResourcesOf(asked_, predicted);
    const auto [known, is_new] = known_.try_emplace({request, predicted});
    if (is_new) known->second = scheduler::FitsNowhere(workers_, request, predicted);
    if (!known->second) continue;
    // Memory follows from the job, so nearly each would be a class of its own.
    Class& equal = classes_[{WithoutFigures(known->second->reason), known->second->is_tried}];
    if (equal.jobs.empty()) equal.reason = known->second->reason;
    equal.jobs.push_back(job.number);
  }
}

void MisfitFinder::AddTo(v1::PlanSweepResponse* response) const {
  response->set_worker_count(static_cast<int32_t>(workers_.size()));
  std::vector<std::pair<const Class*, bool>> misfits;
  for (const auto& [key, equal] : classes_) misfits.emplace_back(&equal, key.second);
  std::sort(misfits.begin(), misfits.end(),
            [](const auto& a, const auto& b) { return a.first->jobs.front() < b.first->jobs.front(); });
  size_t left = kMaxEqualJobs;
  for (const auto& [equal, is_tried] : misfits) {
    v1::PlanSweepResponse::Misfit* misfit = response->add_misfits();
    misfit->set_job_count(static_cast<int32_t>(equal->jobs.size()));
    misfit->set_reason(equal->reason);
    misfit->set_is_tried(is_tried);
    const size_t listed = std::min(left, equal->jobs.size());
    for (size_t i = 0; i < listed; ++i) misfit->add_jobs(equal->jobs[i]);
    left -= listed;
  }
}

}  // namespace optfleet::rpc
