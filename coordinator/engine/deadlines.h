// What waits for time: one ordered set for everything, at most one deadline per thing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/names.h"
#include "common/time.h"

namespace optfleet::engine {

struct DeadlineKey {
  enum class Kind {
    kLease,     // of `attempt`
    kSilence,   // of `worker`: shows as unreachable
    kAway,      // of `worker`: its checkpoints are no longer waited for
    kExcluded,  // `worker`: its exclusion
    kBackoff,   // of the job of `attempt` (whose number is 0)
  };
  Kind kind = Kind::kLease;
  AttemptName attempt;
  std::string worker;
  friend auto operator<=>(const DeadlineKey&, const DeadlineKey&) = default;

  static DeadlineKey Lease(const AttemptName& attempt) { return {Kind::kLease, attempt, {}}; }
  static DeadlineKey Silence(const std::string& worker) { return {Kind::kSilence, {}, worker}; }
  static DeadlineKey Away(const std::string& worker) { return {Kind::kAway, {}, worker}; }
  static DeadlineKey Excluded(const std::string& worker) { return {Kind::kExcluded, {}, worker}; }
  static DeadlineKey Backoff(const JobName& job) { return {Kind::kBackoff, {job, 0}, {}}; }
};

// Every operation is O(log n). Equal times come out in the order of their keys.
class Deadlines {
 public:
  void Set(const DeadlineKey& key, Time time) {
    Clear(key);
    times_.emplace(key, time);
    order_.emplace(time, key);
  }

  void Clear(const DeadlineKey& key) {
    auto found = times_.find(key);
    if (found == times_.end()) return;
    order_.erase({found->second, key});
    times_.erase(found);
  }

  std::optional<Time> Of(const DeadlineKey& key) const {
    auto found = times_.find(key);
    return found == times_.end() ? std::nullopt : std::optional(found->second);
  }

  // Time::max() if nothing waits.
  Time earliest() const { return order_.empty() ? Time::max() : order_.begin()->first; }

  // Removes and returns the first deadline at or before `now`.
  std::optional<DeadlineKey> PopDue(Time now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    DeadlineKey key = order_.begin()->second;
    Clear(key);
    return key;
  }

  size_t size() const { return times_.size(); }

 private:
  std::map<DeadlineKey, Time> times_;
  std::set<std::pair<Time, DeadlineKey>> order_;
};

}  // namespace optfleet::engine
