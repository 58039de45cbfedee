#include "coordinator/app/task_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace optfleet::app {
namespace {

TEST(TaskPool, RefusesAboveItsLimitAndRunsWhatItTook) {
  TaskPool pool(1, 2);
  std::promise<void> begun;
  std::promise<void> go_on;
  std::atomic<int> ran = 0;
  ASSERT_TRUE(pool.Post([&](size_t) {
    begun.set_value();
    go_on.get_future().wait();
    ++ran;
  }));
  begun.get_future().wait();  // it runs and no longer waits
  EXPECT_TRUE(pool.Post([&](size_t) { ++ran; }));
  EXPECT_TRUE(pool.Post([&](size_t) { ++ran; }));
  EXPECT_FALSE(pool.Post([&](size_t) { ran += 100; }));
  EXPECT_EQ(pool.depth(), 2u);

  go_on.set_value();
  pool.Stop();

  EXPECT_EQ(ran, 3);
  EXPECT_FALSE(pool.Post([](size_t) {}));
}

TEST(TaskPool, EveryThreadHasItsNumber) {
  constexpr size_t kThreads = 3;
  TaskPool pool(kThreads, 10);
  std::promise<void> all_here;
  std::shared_future<void> released(all_here.get_future());
  std::atomic<size_t> numbers = 0;
  std::atomic<size_t> arrived = 0;
  for (size_t i = 0; i < kThreads; ++i) {
    pool.Post([&, released](size_t thread) {
      numbers |= size_t{1} << thread;
      if (++arrived == kThreads) all_here.set_value();
      released.wait();
    });
  }
  pool.Stop();
  EXPECT_EQ(numbers, 7u);
}

}  // namespace
}  // namespace optfleet::app
