// How far the clocks of the workers are from this machine's, as their messages say. In memory: a worker is
// heard again within seconds. Any thread.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "common/time.h"

namespace optfleet::rpc {

struct WorkerClock {
  std::string worker;
  Duration ahead{};  // of this machine's; negative: behind
};

class WorkerClocks {
 public:
  static constexpr size_t kMost = 10'000;  // workers that are remembered
  static constexpr Duration kHeardWithin = std::chrono::minutes(5);

  // `theirs`: the worker's clock when it sent a message that arrived at `ours`. What the message took on its
  // way makes a clock look late, so the best of the last few messages counts.
  void Heard(const std::string& worker, Time theirs, Time ours);

  // Of workers heard lately, those that are further from this clock than `apart`, the furthest first, at most
  // `most`.
  std::vector<WorkerClock> Apart(Time now, Duration apart, size_t most) const;

 private:
  struct Messages {
    std::array<Duration, 4> ahead{};  // of the last ones
    size_t count = 0;                 // ever
    Time heard;

    Duration Best() const;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Messages> workers_;
};

}  // namespace optfleet::rpc
