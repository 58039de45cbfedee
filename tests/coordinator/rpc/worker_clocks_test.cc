#include "coordinator/rpc/worker_clocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optfleet::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Time kNow{std::chrono::hours(24 * 365 * 50)};
constexpr Duration kApart = seconds(1);

TEST(WorkerClocks, ThoseThatAreApartAreNamedTheFurthestFirst) {
  WorkerClocks clocks;
  clocks.Heard("early", kNow + seconds(3), kNow);
  clocks.Heard("late", kNow - minutes(2), kNow);
  clocks.Heard("right", kNow - milliseconds(20), kNow);
  const auto apart = clocks.Apart(kNow, kApart, 10);
  ASSERT_THAT(apart, SizeIs(2));
  EXPECT_EQ(apart[0].worker, "late");
  EXPECT_EQ(apart[0].ahead, -minutes(2));
  EXPECT_EQ(apart[1].ahead, seconds(3));
  EXPECT_THAT(clocks.Apart(kNow, kApart, 1), SizeIs(1));
}

TEST(WorkerClocks, OneMessageThatWasUnderWayForLongBlamesNobody) {
  WorkerClocks clocks;
  for (const auto way : {milliseconds(5), milliseconds(4000), milliseconds(2000)})
    clocks.Heard("w", kNow - way, kNow);
  EXPECT_THAT(clocks.Apart(kNow, kApart, 10), IsEmpty());
}

TEST(WorkerClocks, ACorrectedClockIsForgivenAfterAFewMessages) {
  WorkerClocks clocks;
  clocks.Heard("w", kNow + seconds(30), kNow);
  for (int i = 0; i < 4; ++i) clocks.Heard("w", kNow, kNow);
  EXPECT_THAT(clocks.Apart(kNow, kApart, 10), IsEmpty());
}

TEST(WorkerClocks, WhoIsSilentIsLeftOutAndForgottenWhenThereAreMany) {
  WorkerClocks clocks;
  for (size_t i = 0; i < WorkerClocks::kMost; ++i)
    clocks.Heard("w" + std::to_string(i), kNow + minutes(1), kNow);
  clocks.Heard("one-more", kNow + minutes(1), kNow);
  EXPECT_THAT(clocks.Apart(kNow, kApart, 20'000), SizeIs(WorkerClocks::kMost));
  const Time later = kNow + minutes(6);
  EXPECT_THAT(clocks.Apart(later, kApart, 20'000), IsEmpty());
  clocks.Heard("one-more", later + minutes(1), later);
  EXPECT_THAT(clocks.Apart(later, kApart, 20'000), SizeIs(1));
}

}  // namespace
}  // namespace optfleet::rpc
