// Time for which attempts hold slots, as they run: what a sweep costs. A plain value.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "common/time.h"
#include "coordinator/domain/resources.h"

namespace optfleet::domain {

// In microseconds of one percent of a slot: whole numbers, so that sums do not depend on their order. An
// hour of a slot is 3.6e11 of them.
using SlotMicros = int64_t;

// Of each moment, in percent of slots.
inline int64_t SharesOf(const Resources& resources) { return int64_t{resources.slots} * resources.share; }

// Nothing for a clock that was set back.
inline SlotMicros SlotMicrosBetween(Time start, Time end, int64_t shares) {
  return std::max<int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(end - start).count(), 0) *
         shares;
}

// Hours of whole slots.
inline double DeviceHours(SlotMicros time) {
  constexpr double kHour = 3600e6 * kWholeSlot;
  return static_cast<double>(time) / kHour;
}

// Of a sweep: what has been used, and goes on being used.
class SlotTime {
 public:
  void AddPast(SlotMicros time) { past_ += time; }
  void Hold(int64_t shares, Time now) {
    past_ = Until(now);
    since_ = now;
    held_ += shares;
  }
  void Release(int64_t shares, Time now) { Hold(-shares, now); }

  SlotMicros Until(Time now) const { return past_ + SlotMicrosBetween(since_, now, held_); }
  int64_t held() const { return held_; }  // percent of slots

 private:
  SlotMicros past_ = 0;
  int64_t held_ = 0;
  Time since_;
};

}  // namespace optfleet::domain
