#include "optctl/commands/interrupts.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace optfleet::commands {
namespace {

using namespace std::chrono_literals;

// What an optctl does around the object: the exit code says whether it came to its end.
constexpr int kEnd = 130;

TEST(Interrupts, ASecondSignalDoesNotChangeTheExitCode) {
  EXPECT_EXIT(
      {
        {
          Interrupts interrupts;
          raise(SIGINT);
          if (!interrupts.WaitFor(0ms)) _exit(1);
          raise(SIGINT);  // while it stops
        }
        raise(SIGINT);  // and while it exits
        _exit(kEnd);
      },
      testing::ExitedWithCode(kEnd), "");
}

TEST(Interrupts, WithoutOneASignalKillsAsBefore) {
  EXPECT_EXIT(
      {
        { const Interrupts interrupts; }
        raise(SIGINT);
        _exit(kEnd);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace optfleet::commands
