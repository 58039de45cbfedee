// Ctrl-C and SIGTERM as something to wait for instead of a death at any instruction.
//
// One object at a time, in the main thread, made before other threads start if they should not take the
// signals themselves. While it lives the signals are blocked in this thread and in threads made meanwhile;
// children must unblock them (supervisor.cc does). Once one has been taken the process is on its way out:
// they stay blocked afterwards, so that an impatient second Ctrl-C cannot turn its exit code into a death by
// signal.
#pragma once

#include <chrono>
#include <csignal>

namespace optfleet::commands {

class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Waits until a signal comes or the time is over; true if one came. Each signal counts once.
  bool WaitFor(std::chrono::milliseconds time);

 private:
  sigset_t watched_;
  sigset_t before_;
  bool taken_ = false;
};

}  // namespace optfleet::commands
