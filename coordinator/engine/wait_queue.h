// Queued jobs that may start now, by class, in the order in which they get slots.
#pragma once

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/domain/job.h"
#include "coordinator/engine/fresh_jobs.h"

namespace optfleet::engine {

// Jobs of one class wait for the same things, so one reason holds for all of them.
struct ClassKey {
  std::string sweep;
  domain::Resources resources;
  std::string bound_worker;  // empty: any
  friend auto operator<=>(const ClassKey&, const ClassKey&) = default;

  static ClassKey Of(const domain::Job& job) {
    return {job.name().sweep, job.definition.resources, job.status.bound_worker};
  }
};

class WaitQueue {
 public:
  // A job's place within its class: the oldest first, then by number (PlaceOf).
  using Places = std::set<std::pair<Time, int32_t>>;

  void Add(const domain::Job& job) {
    Places& places = classes_[ClassKey::Of(job)];
    size_ += places.insert(PlaceOf(job)).second ? 1 : 0;
  }

  void Add(const std::string& sweep, int32_t number, const JobKind& kind) {
    if (!last_ || last_->sweep != sweep || last_->resources != kind.resources)
      last_ = ClassKey{sweep, kind.resources, {}};
    Places& places = classes_[*last_];
    const size_t before = places.size();
    places.emplace_hint(places.end(), kind.create_time, number);
    size_ += places.size() - before;
  }

  // The job's bound worker is the one it was added with. Nothing happens if it is not here.
  void Remove(const domain::Job& job) {
    auto found = classes_.find(ClassKey::Of(job));
    if (found == classes_.end()) return;
    size_ -= found->second.erase(PlaceOf(job));
    if (found->second.empty()) classes_.erase(found);
  }

  // All that waits in `other`; the two have no job in common. Of a class that both have the smaller share
  // moves.
  void Take(WaitQueue* other) {
    for (auto& [key, places] : other->classes_) {
      Places& here = classes_[key];
      if (here.size() < places.size()) here.swap(places);
      here.merge(places);
    }
    other->classes_.clear();
    size_ += std::exchange(other->size_, 0);
  }

  bool Contains(const domain::Job& job) const {
    auto found = classes_.find(ClassKey::Of(job));
    return found != classes_.end() && found->second.contains(PlaceOf(job));
  }

  // Where jobs of a kind wait that any worker may take; null if none does.
  const Places* Find(const std::string& sweep, const JobKind& kind) const {
    const auto found = classes_.find(ClassKey{sweep, kind.resources, {}});
    return found == classes_.end() ? nullptr : &found->second;
  }

  const std::map<ClassKey, Places>& classes() const { return classes_; }

  std::vector<JobName> BoundTo(const std::string& worker) const {
    std::vector<JobName> jobs;
    for (const auto& [key, places] : classes_) {
      if (key.bound_worker != worker) continue;
      for (const auto& [since, number] : places) jobs.push_back({key.sweep, number});
    }
    return jobs;
  }

  size_t size() const { return size_; }

  // Of jobs that came together those that have got to a higher rung go first: no new one is begun while one
  // of the best may go on.
  static Places::value_type PlaceOf(const domain::Job& job) {
    return {job.definition.create_time - Duration(std::max(job.status.rung, 0)), job.name().job};
  }

 private:
  std::map<ClassKey, Places> classes_;
  std::optional<ClassKey> last_;  // to which a fresh job was added: the next is mostly another of its kind
  size_t size_ = 0;
};

}  // namespace optfleet::engine
