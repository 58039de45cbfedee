// How long to wait after a failure: doubles from 100 ms to 5 s, less a random share, so that workers which
// lost a coordinator together do not come back together. One thread.
#pragma once

#include <functional>

#include "common/time.h"

namespace optfleet::worker {

class Backoff {
 public:
  // `random` gives numbers from [0, 1).
  explicit Backoff(std::function<double()> random) : random_(std::move(random)) {}

  // Between half of the present wait and all of it.
  Duration Next();
  void Reset() { wait_ = kFirst; }

 private:
  static constexpr Duration kFirst = std::chrono::milliseconds(100);
  static constexpr Duration kLongest = std::chrono::seconds(5);

  std::function<double()> random_;
  Duration wait_ = kFirst;
};

}  // namespace optfleet::worker
