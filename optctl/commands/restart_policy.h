// When a daemon that ended is started again. Pure: the time comes in, in seconds of a clock that never runs
// backwards.
//
// A daemon that had run for a while starts again soon. One that keeps failing at once waits twice as long
// each time (0.2 s up to 5 s) and is given up after six such failures in a row: whatever is wrong then does
// not heal by itself.
#pragma once

#include <optional>

namespace optfleet::commands {

class RestartPolicy {
 public:
  static constexpr int kMostQuickFailures = 6;
  static constexpr double kQuick = 10;  // seconds; who ran longer has not failed at once

  void Started(double now) { started_ = now; }
  // When to start it again; nothing if it is given up.
  std::optional<double> Ended(double now);

 private:
  double started_ = 0;
  int quick_failures_ = 0;
};

}  // namespace optfleet::commands
