#include "coordinator/scheduler/plan.h"

#include <map>
#include <set>
#include <tuple>

#include "coordinator/scheduler/reasons.h"

namespace optfleet::scheduler {
namespace {

// The free slots of the snapshot, taken one by one in the order of the policy.
class Pool {
 public:
  Pool(const std::vector<WorkerOffer>& workers, const Policy& policy) : policy_(policy) {
    for (const WorkerOffer& worker : workers) {
      if (!worker.unavailable.empty() || worker.free.empty()) continue;
      auto& free = free_[worker.worker];
      for (const FreeSlot& slot : worker.free) free.insert({slot.kind == domain::SlotKind::kCpu, slot.index});
      ranking_.insert(Rank(worker.worker));
    }
  }

  // The worker that a job which is bound to `worker` (empty: to none) goes to; nullopt if there is no slot
  // for it.
  std::optional<std::string> Find(const std::string& worker) const {
    if (worker.empty()) {
      if (ranking_.empty()) return std::nullopt;
      return std::get<std::string>(*ranking_.begin());
    }
    return free_.contains(worker) ? std::optional(worker) : std::nullopt;
  }

  int32_t Take(const std::string& worker) {
    ranking_.erase(Rank(worker));
    auto found = free_.find(worker);
    const int32_t index = found->second.begin()->index;
    found->second.erase(found->second.begin());
    if (found->second.empty()) {
      free_.erase(found);
    } else {
      ranking_.insert(Rank(worker));
    }
    return index;
  }

 private:
  struct Slot {
    bool is_cpu;
    int32_t index;
    friend auto operator<=>(const Slot&, const Slot&) = default;
  };
  using RankKey = std::tuple<bool, int64_t, std::string>;

  RankKey Rank(const std::string& worker) const {
    const auto& free = free_.at(worker);
    const auto count = static_cast<int64_t>(free.size());
    return {free.begin()->is_cpu, policy_.tie == Policy::Tie::kSpread ? -count : count, worker};
  }

  Policy policy_;
  std::map<std::string, std::set<Slot>> free_;  // workers with a free slot only
  std::set<RankKey> ranking_;
};

bool Before(const Request& a, const Request& b) {
  return std::tuple(-int64_t{a.priority}, a.since, a.job) < std::tuple(-int64_t{b.priority}, b.since, b.job);
}

// The class whose next job comes first among those for which there is a slot; nullptr if there is none.
const RequestClass* NextClass(const Snapshot& snapshot, const Pool& pool, const std::vector<size_t>& placed) {
  const RequestClass* next = nullptr;
  size_t next_placed = 0;
  for (size_t i = 0; i < snapshot.classes.size(); ++i) {
    const RequestClass& candidate = snapshot.classes[i];
    if (placed[i] == candidate.head.size() || !pool.Find(candidate.bound_worker)) continue;
    if (next == nullptr || Before(candidate.head[placed[i]], next->head[next_placed])) {
      next = &candidate;
      next_placed = placed[i];
    }
  }
  return next;
}

}  // namespace

Plan MakePlan(const Snapshot& snapshot, const Policy& policy) {
  Plan plan;
  Pool pool(snapshot.workers, policy);
  std::vector<size_t> placed(snapshot.classes.size(), 0);
  while (const RequestClass* next = NextClass(snapshot, pool, placed)) {
    size_t& count = placed[static_cast<size_t>(next - snapshot.classes.data())];
    const std::string worker = *pool.Find(next->bound_worker);
    plan.placements.push_back({next->head[count].job, worker, {pool.Take(worker)}});
    ++count;
  }
  for (size_t i = 0; i < snapshot.classes.size(); ++i) {
    const RequestClass& waiting = snapshot.classes[i];
    const int64_t left = waiting.count - static_cast<int64_t>(placed[i]);
    if (left > 0)
      plan.waiting.push_back({waiting.bound_worker, left, ReasonToWait(snapshot, waiting.bound_worker)});
  }
  return plan;
}

}  // namespace optfleet::scheduler
