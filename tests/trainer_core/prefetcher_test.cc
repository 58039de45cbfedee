// Batches that are built ahead: their order, bounds and errors, without looking at a clock.
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <stdexcept>

#include "trainer_core/data/prefetcher.h"

namespace optfleet::trainer {
namespace {

void Number(int64_t step, HostBatch* batch) {
  batch->inputs.assign(3, step);
  batch->targets.assign(3, step + 1);
}

TEST(Prefetcher, GivesEachStepItsBatch) {
  for (const int64_t ahead : {0, 1, 2, 7}) {
    Prefetcher prefetcher(Number, ahead);
    for (const int64_t step : {5, 5, 6, 7, 8, 8, 9, 2, 3, 100, 0, 1}) {
      const HostBatch& batch = prefetcher.Take(step);
      EXPECT_EQ(batch.inputs, std::vector<int64_t>(3, step)) << ahead;
      EXPECT_EQ(batch.targets, std::vector<int64_t>(3, step + 1)) << ahead;
      EXPECT_EQ(&prefetcher.Take(step), &batch);
    }
  }
}

// While the first batch is in use, the second and third are built and no more.
TEST(Prefetcher, BuildsSoFarAheadAndNoFurther) {
  std::atomic<int64_t> in_use = 1;
  std::atomic<int64_t> furthest = 0;
  std::counting_semaphore<> built(0);
  Prefetcher prefetcher(
      [&](int64_t step, HostBatch* batch) {
        EXPECT_LE(step, in_use + 2);
        furthest = step;
        Number(step, batch);
        built.release();
      },
      2);
  for (int64_t step = 1; step <= 50; ++step) {
    in_use = step;
    EXPECT_EQ(prefetcher.Take(step).inputs[0], step);
    for (int i = 0; i < (step == 1 ? 3 : 1); ++i) built.acquire();  // hangs if it does not build ahead
    EXPECT_EQ(furthest, step + 2);
  }
}

TEST(Prefetcher, AnErrorComesWithItsStep) {
  for (const int64_t ahead : {0, 2}) {
    Prefetcher prefetcher(
        [](int64_t step, HostBatch* batch) {
          if (step == 3) throw std::runtime_error("no page");
          Number(step, batch);
        },
        ahead);
    EXPECT_EQ(prefetcher.Take(1).inputs[0], 1);
    EXPECT_EQ(prefetcher.Take(2).inputs[0], 2);
    EXPECT_THROW(prefetcher.Take(3), std::runtime_error);
    EXPECT_EQ(prefetcher.Take(4).inputs[0], 4);
  }
}

TEST(Prefetcher, EndsWhileABatchIsBuilt) {
  std::binary_semaphore begun(0), go_on(0);
  std::atomic<bool> finished = false;
  std::thread ending;
  {
    auto prefetcher = std::make_unique<Prefetcher>(
        [&](int64_t step, HostBatch* batch) {
          if (step == 2) {
            begun.release();
            go_on.acquire();
            finished = true;
          }
          Number(step, batch);
        },
        1);
    prefetcher->Take(1);
    begun.acquire();
    ending = std::thread([doomed = std::move(prefetcher)]() mutable { doomed.reset(); });
    EXPECT_FALSE(finished);
    go_on.release();
  }
  ending.join();
  EXPECT_TRUE(finished);
}

TEST(Prefetcher, NobodyHasToTake) { Prefetcher prefetcher(Number, 2); }

}  // namespace
}  // namespace optfleet::trainer
