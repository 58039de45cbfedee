// The readable story of one run: a line per event with virtual time and subject. Off unless asked for, and
// then nothing is built.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/time.h"

namespace optfleet::simulation {

class Trace {
 public:
  bool on() const { return on_; }

  // `text` is a function that gives a string; called only if the trace is on.
  template <typename Text>
  void Say(Time now, const std::string& subject, Text&& text) const {
    if (!on_) return;
    const int64_t ms = (UnixMicros(now) / 1000) % (24 * 3600 * 1000);
    std::printf("%02d:%02d.%03d  %-12s  %s\n", static_cast<int>(ms / 60000), static_cast<int>(ms / 1000 % 60),
                static_cast<int>(ms % 1000), subject.c_str(), std::string(text()).c_str());
  }

 private:
  bool on_ = std::getenv("OPTFLEET_TRACE") != nullptr;
};

}  // namespace optfleet::simulation
