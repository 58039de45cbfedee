#include "spec/known_specs.h"

#include <gtest/gtest.h>

namespace optfleet::spec {
namespace {

TrainingSpec WithBatch(int64_t size) {
  TrainingSpec spec;
  spec.training.batch_size = size;
  return spec;
}

TrainingSpec WithRate(double rate) {
  TrainingSpec spec;
  spec.optimizer.learning_rate = rate;
  return spec;
}

TEST(KnownSpecs, FindsWhatIsEqualInEverything) {
  KnownSpecs<int> known;
  EXPECT_EQ(known.Find(WithBatch(1)), nullptr);
  EXPECT_EQ(known.Add(WithBatch(1), 10), 10);
  known.Add(WithBatch(2), 20);
  ASSERT_NE(known.Find(WithBatch(1)), nullptr);
  EXPECT_EQ(*known.Find(WithBatch(1)), 10);
  EXPECT_EQ(*known.Find(WithBatch(2)), 20);
  TrainingSpec other = WithBatch(1);
  other.data.path = "other.txt";
  EXPECT_EQ(ExtentsHash(other), ExtentsHash(WithBatch(1)));
  EXPECT_EQ(known.Find(other), nullptr);
}

TEST(KnownSpecs, StaysSmallOverGridsThatHaveNothingInCommon) {
  KnownSpecs<int> batches, rates;
  int kept_batches = 0, kept_rates = 0;
  for (int i = 1; i <= 5000; ++i) {
    batches.Add(WithBatch(i), i);
    rates.Add(WithRate(i), i);
    ASSERT_NE(batches.Find(WithBatch(i)), nullptr);
    ASSERT_NE(rates.Find(WithRate(i)), nullptr);
  }
  for (int i = 1; i <= 5000; ++i) {
    kept_batches += batches.Find(WithBatch(i)) != nullptr;
    kept_rates += rates.Find(WithRate(i)) != nullptr;
  }
  EXPECT_LE(kept_batches, 4096);
  EXPECT_LE(kept_rates, 256) << "of one hash, which are gone through one by one";
}

TEST(KnownSpecs, ExtentsOfAGridSpread) {
  std::unordered_map<size_t, int> hashes;
  TrainingSpec spec;
  for (int batch = 1; batch <= 64; ++batch) {
    for (int steps = 1; steps <= 64; ++steps) {
      spec.training.batch_size = batch;
      spec.budget.steps = 100 * steps;
      ++hashes[ExtentsHash(spec)];
    }
  }
  EXPECT_EQ(hashes.size(), 64 * 64);
}

}  // namespace
}  // namespace optfleet::spec
