#include "worker/rpc/backoff.h"

#include <gtest/gtest.h>

namespace optfleet::worker {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesToAnEndAndStartsOver) {
  Backoff backoff([] { return 1.0; });
  for (const int wait : {100, 200, 400, 800, 1600, 3200, 5000, 5000})
    EXPECT_EQ(backoff.Next(), milliseconds(wait));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), milliseconds(100));
}

TEST(Backoff, ARandomShareOfUpToAHalfIsTakenOff) {
  Backoff shortest([] { return 0.0; });
  EXPECT_EQ(shortest.Next(), milliseconds(50));
  EXPECT_EQ(shortest.Next(), milliseconds(100));
}

}  // namespace
}  // namespace optfleet::worker
