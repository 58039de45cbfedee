// Virtual time: what happens next, in order. Events of one moment happen in the order in which they were set.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "common/time.h"

namespace optfleet::simulation {

class Agenda {
 public:
  using Work = std::function<void()>;

  Time now() const { return now_; }
  void At(Time time, Work work) {
    events_.push_back({std::max(time, now_), ++order_, std::move(work)});
    std::push_heap(events_.begin(), events_.end(), &Later);
  }
  void After(Duration delay, Work work) { At(now_ + delay, std::move(work)); }

  // Does the next event if it comes before `end`; false if none does, and it is `end` then.
  bool DoNext(Time end) {
    if (events_.empty() || events_.front().time >= end) {
      now_ = std::max(now_, end);
      return false;
    }
    std::pop_heap(events_.begin(), events_.end(), &Later);
    Event event = std::move(events_.back());
    events_.pop_back();
    now_ = event.time;
    event.work();
    return true;
  }

 private:
  struct Event {
    Time time;
    uint64_t order;
    Work work;
  };
  static bool Later(const Event& a, const Event& b) {
    return std::pair(a.time, a.order) > std::pair(b.time, b.order);
  }

  Time now_ = Time(std::chrono::hours(24 * 365));  // far from the epoch, so that clocks can be set back
  uint64_t order_ = 0;
  std::vector<Event> events_;
};

}  // namespace optfleet::simulation
