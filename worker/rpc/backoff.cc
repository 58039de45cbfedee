#include "worker/rpc/backoff.h"

#include <algorithm>

namespace optfleet::worker {

Duration Backoff::Next() {
  const double share = 0.5 + 0.5 * random_();
  const auto wait = std::chrono::duration_cast<Duration>(wait_ * share);
  wait_ = std::min(kLongest, wait_ * 2);
  return wait;
}

}  // namespace optfleet::worker
