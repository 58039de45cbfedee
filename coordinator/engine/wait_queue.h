// Queued jobs that may start now, by class, in the order in which they get slots.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "coordinator/domain/job.h"
#include "coordinator/scheduler/plan.h"

namespace optfleet::engine {

class WaitQueue {
 public:
  void Add(const domain::Job& job) { classes_[job.status.bound_worker].insert(KeyOf(job)); }

  // The job's bound worker is the one it was added with. Nothing happens if it is not here.
  void Remove(const domain::Job& job) {
    auto found = classes_.find(job.status.bound_worker);
    if (found == classes_.end()) return;
    found->second.erase(KeyOf(job));
    if (found->second.empty()) classes_.erase(found);
  }

  bool Contains(const domain::Job& job) const {
    auto found = classes_.find(job.status.bound_worker);
    return found != classes_.end() && found->second.contains(KeyOf(job));
  }

  // The first `limit` jobs of every class.
  std::vector<scheduler::RequestClass> Heads(size_t limit) const {
    std::vector<scheduler::RequestClass> heads;
    for (const auto& [bound_worker, keys] : classes_) {
      scheduler::RequestClass head{
          .bound_worker = bound_worker, .head = {}, .count = static_cast<int64_t>(keys.size())};
      for (auto key = keys.begin(); key != keys.end() && head.head.size() < limit; ++key) {
        head.head.push_back(
            {std::get<JobName>(*key), static_cast<int32_t>(-std::get<0>(*key)), std::get<Time>(*key)});
      }
      heads.push_back(std::move(head));
    }
    return heads;
  }

  std::vector<JobName> BoundTo(const std::string& worker) const {
    std::vector<JobName> jobs;
    auto found = classes_.find(worker);
    if (found == classes_.end()) return jobs;
    for (const Key& key : found->second) jobs.push_back(std::get<JobName>(key));
    return jobs;
  }

  size_t size() const {
    size_t sum = 0;
    for (const auto& [bound_worker, keys] : classes_) sum += keys.size();
    return sum;
  }

 private:
  // Higher priority, then older, then job id.
  using Key = std::tuple<int64_t, Time, JobName>;
  static Key KeyOf(const domain::Job& job) {
    return {-int64_t{job.definition.priority}, job.definition.create_time, job.name()};
  }
  std::map<std::string, std::set<Key>> classes_;
};

}  // namespace optfleet::engine
