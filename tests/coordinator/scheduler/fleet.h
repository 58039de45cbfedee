// A small fleet and its waiting jobs, for tests of the scheduler.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/scheduler/plan.h"

namespace optfleet::scheduler {

inline Time At(int seconds) { return Time(std::chrono::seconds(seconds)); }

inline WorkerOffer Machine(const std::string& id, int slots, domain::SlotKind kind = domain::SlotKind::kCpu,
                           int64_t memory_bytes = 0) {
  WorkerOffer worker;
  worker.worker = id;
  for (int i = 0; i < slots; ++i) {
    worker.slots.push_back({.index = i,
                            .kind = kind,
                            .memory_bytes = memory_bytes,
                            .free_share = domain::kWholeSlot,
                            .free_memory_bytes = memory_bytes,
                            .free_at = std::nullopt});
  }
  return worker;
}

inline WorkerOffer Away(const std::string& id, const std::string& why, std::optional<Time> fresh_at = {}) {
  WorkerOffer worker = Machine(id, 2);
  worker.unavailable = why;
  worker.fresh_at = fresh_at;
  return worker;
}

// Something runs in the slot, until then.
inline void Occupy(WorkerOffer* worker, size_t slot, std::optional<Time> until = {},
                   int32_t share = domain::kWholeSlot) {
  worker->slots[slot].free_share -= share;
  worker->slots[slot].free_memory_bytes = 0;
  worker->slots[slot].free_at = until;
}

inline RequestClass Waits(std::vector<std::pair<int, int>> jobs_and_seconds, domain::Resources resources = {},
                          const std::string& sweep = "s") {
  RequestClass one;
  one.sweep = sweep;
  one.resources = std::move(resources);
  for (const auto& [job, second] : jobs_and_seconds) one.head.push_back({At(second), {sweep, job}});
  one.count = static_cast<int64_t>(one.head.size());
  return one;
}

struct Fleet {
  std::deque<WorkerOffer> workers;  // by id
  std::vector<RequestClass> classes;
  std::map<std::string, int32_t> places = {};
  Time now = At(0);

  Snapshot Take() const {
    Snapshot snapshot{.now = now, .workers = {}, .classes = classes, .places = places};
    for (const WorkerOffer& worker : workers) snapshot.workers.push_back(&worker);
    return snapshot;
  }
  Plan Make(Policy policy = {}) const { return MakePlan(Take(), policy); }
};

// "1@a/0": job 1 on slot 0 of a; "1@a/0+1" for a gang.
inline std::vector<std::string> Placements(const Plan& plan) {
  std::vector<std::string> texts;
  for (const Placement& placement : plan.placements) {
    std::string text = std::to_string(placement.job.job) + "@" + placement.worker;
    for (const int32_t slot : placement.slots)
      text += (text.find('/') == std::string::npos ? "/" : "+") + std::to_string(slot);
    texts.push_back(text);
  }
  return texts;
}

}  // namespace optfleet::scheduler
