#include "coordinator/engine/offers.h"

#include <algorithm>
#include <set>

#include "coordinator/domain/time_text.h"
#include "coordinator/engine/estimates.h"

namespace optfleet::engine {
namespace {

using domain::WorkerState;

// Excluded workers are used all the same where there is no other: waiting would not help.
bool AnotherWouldDo(const State& state, const LiveWorker& excluded) {
  return std::any_of(state.workers.begin(), state.workers.end(), [&](const auto& entry) {
    const LiveWorker& other = entry.second;
    return &other != &excluded && other.heard && other.row.state == WorkerState::kReady &&
           other.row.drain == domain::Pause::kNo && !other.row.excluded_until && !other.row.slots.empty();
  });
}

class OfferBuilder {
 public:
  OfferBuilder(const State& state, const LiveWorker& worker) : state_(state), worker_(worker) {}

  scheduler::WorkerOffer Build() {
    offer_.worker = worker_.row.id;
    offer_.labels = worker_.row.labels;
    offer_.host_memory_bytes = worker_.row.host_memory_bytes;
    offer_.free_host_memory_bytes = worker_.row.host_memory_bytes;
    offer_.unavailable = WhyUnavailable(state_, worker_);
    if (worker_.away_since) offer_.fresh_at = *worker_.away_since + state_.options.lease;
    for (const domain::Slot& slot : worker_.row.slots) {
      offer_.slots.push_back({.index = slot.index,
                              .kind = slot.kind,
                              .memory_bytes = slot.memory_bytes,
                              .free_share = domain::kWholeSlot,
                              .free_memory_bytes = slot.memory_bytes,
                              .free_at = std::nullopt});
    }
    std::sort(offer_.slots.begin(), offer_.slots.end(),
              [](const auto& a, const auto& b) { return a.index < b.index; });
    for (const AttemptName& name : worker_.attempts) TakeAssigned(name);
    for (const auto& [name, occupied] : worker_.reported) {
      if (!worker_.attempts.contains(name)) TakeReported(occupied);
    }
    return std::move(offer_);
  }

 private:
  scheduler::SlotOffer* Find(int32_t index) {
    for (scheduler::SlotOffer& slot : offer_.slots) {
      if (slot.index == index) return &slot;
    }
    return nullptr;
  }

  void TakeAssigned(const AttemptName& name) {
    const LiveJob& job = state_.jobs.at(name.job);
    const LiveAttempt& attempt = job.attempts.at(name.attempt);
    const domain::Resources& request = job.row.definition.resources;
    const auto end = ExpectedEnd(state_, job, attempt);
    for (const int32_t index : attempt.row.slots) {
      scheduler::SlotOffer* slot = Find(index);
      if (slot == nullptr) continue;
      Take(slot, request.share, domain::MemoryTaken(request, slot->memory_bytes));
      const bool first = seen_.insert(index).second;
      slot->free_at = first ? end : Later(slot->free_at, end);
    }
    offer_.free_host_memory_bytes -= request.host_memory_bytes;
  }

  // What it runs though it should not, or not any more: its end is waited for, whatever it needs.
  void TakeReported(const Occupied& occupied) {
    for (const int32_t index : occupied.slots) {
      scheduler::SlotOffer* slot = Find(index);
      if (slot == nullptr) continue;
      Take(slot, occupied.share,
           occupied.share == domain::kWholeSlot ? slot->memory_bytes : occupied.memory_bytes);
      seen_.insert(index);
      slot->free_at.reset();
    }
  }

  static void Take(scheduler::SlotOffer* slot, int32_t share, int64_t memory) {
    slot->free_share = std::max(0, slot->free_share - share);
    slot->free_memory_bytes = std::max<int64_t>(0, slot->free_memory_bytes - memory);
  }

  static std::optional<Time> Later(const std::optional<Time>& a, const std::optional<Time>& b) {
    return a && b ? std::optional(std::max(*a, *b)) : std::nullopt;
  }

  const State& state_;
  const LiveWorker& worker_;
  scheduler::WorkerOffer offer_;
  std::set<int32_t> seen_;  // slots of which free_at is of something
};

}  // namespace

std::string WhyUnavailable(const State& state, const LiveWorker& worker) {
  if (worker.row.state == WorkerState::kGone) return "has left";
  if (worker.row.state == WorkerState::kDraining || worker.row.drain != domain::Pause::kNo)
    return "is draining";
  if (worker.row.state == WorkerState::kUnreachable) {
    return "has not been heard of since " + domain::ClockText(worker.last_seen);
  }
  if (!worker.heard) return "has not been heard of since the coordinator started";
  if (worker.row.excluded_until && AnotherWouldDo(state, worker)) {
    return "is left alone until " + domain::ClockText(*worker.row.excluded_until) + ", since " +
           std::to_string(worker.row.failures_in_a_row) + " attempts in a row failed there";
  }
  return "";
}

const scheduler::WorkerOffer& OfferOf(const State& state, LiveWorker* worker, bool refresh) {
  // Whether an excluded worker is used depends on the others.
  if (!worker->offer || refresh || worker->row.excluded_until)
    worker->offer = OfferBuilder(state, *worker).Build();
  return *worker->offer;
}

}  // namespace optfleet::engine
