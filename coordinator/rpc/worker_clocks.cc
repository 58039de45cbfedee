#include "coordinator/rpc/worker_clocks.h"

#include <algorithm>

namespace optfleet::rpc {

Duration WorkerClocks::Messages::Best() const {
  return *std::max_element(ahead.begin(),
                           ahead.begin() + static_cast<int64_t>(std::min(count, ahead.size())));
}

void WorkerClocks::Heard(const std::string& worker, Time theirs, Time ours) {
  const std::lock_guard lock(mutex_);
  if (workers_.size() >= kMost && !workers_.contains(worker)) {
    std::erase_if(workers_, [ours](const auto& entry) { return entry.second.heard < ours - kHeardWithin; });
    if (workers_.size() >= kMost) return;
  }
  Messages& messages = workers_[worker];
  messages.ahead[messages.count++ % messages.ahead.size()] = theirs - ours;
  messages.heard = ours;
}

std::vector<WorkerClock> WorkerClocks::Apart(Time now, Duration apart, size_t most) const {
  const auto distance = [](Duration ahead) { return ahead < Duration(0) ? -ahead : ahead; };
  std::vector<WorkerClock> clocks;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [worker, messages] : workers_) {
      const Duration ahead = messages.Best();
      if (messages.heard >= now - kHeardWithin && distance(ahead) > apart) clocks.push_back({worker, ahead});
    }
  }
  std::stable_sort(clocks.begin(), clocks.end(),
                   [&](const auto& a, const auto& b) { return distance(a.ahead) > distance(b.ahead); });
  if (clocks.size() > most) clocks.resize(most);
  return clocks;
}

}  // namespace optfleet::rpc
