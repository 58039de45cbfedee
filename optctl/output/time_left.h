// How long something will still take, from how its share grew lately. Pure: the time comes in.
#pragma once

#include <deque>
#include <optional>

namespace optfleet::output {

class TimeLeft {
 public:
  // `seconds` never runs backwards; `share` is from 0 to 1 and may jump back when work is repeated (then the
  // estimate starts anew).
  void Add(double seconds, double share);
  // Nothing until two seconds of growth have been seen.
  std::optional<double> Seconds() const;

 private:
  struct Sample {
    double seconds;
    double share;
  };
  std::deque<Sample> samples_;  // of the last minute, at most one per half second
};

}  // namespace optfleet::output
