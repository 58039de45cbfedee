#include "optctl/commands/interrupts.h"

#include <pthread.h>

#include <algorithm>
#include <cerrno>

namespace optfleet::commands {

Interrupts::Interrupts() {
  sigemptyset(&watched_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&watched_, signal);
  pthread_sigmask(SIG_BLOCK, &watched_, &before_);
}

Interrupts::~Interrupts() {
  if (!taken_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupts::WaitFor(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left = std::max<std::chrono::nanoseconds>(until - std::chrono::steady_clock::now(),
                                                         std::chrono::nanoseconds(0));
    timespec timeout{};
    timeout.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
    timeout.tv_nsec = (left % std::chrono::seconds(1)).count();
    if (sigtimedwait(&watched_, nullptr, &timeout) > 0) return taken_ = true;
    if (errno != EINTR) return false;
  }
}

}  // namespace optfleet::commands
