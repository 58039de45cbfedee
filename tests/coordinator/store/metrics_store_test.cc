// One suite for every place that metrics.db can lie in.
#include "coordinator/store/metrics_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/store/fixtures.h"

namespace optfleet::store {
namespace {

const AttemptName kFirst{{"lr", 1}, 1};

class MetricsStoreContract : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    if (!GetParam() && store_) return;
    store_.reset();
    auto opened = MetricsStore::Open(GetParam() ? folder_.options() : StoreOptions{":memory:", {}});
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    store_ = std::move(*opened);
  }
  void Link(const domain::Attempt& attempt) {
    const Status done = store_->Link(std::vector{attempt});
    ASSERT_TRUE(done.has_value()) << done.error().message();
  }
  int64_t Append(const RecordBatch& batch) {
    auto held = store_->Append(std::vector{batch});
    EXPECT_TRUE(held.has_value()) << held.error().message();
    return held.has_value() ? held->at(0).record : -1;
  }

  TemporaryFolder folder_;
  std::unique_ptr<MetricsStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Places, MetricsStoreContract, testing::Bool(),
                         [](const auto& place) { return place.param ? "File" : "Memory"; });

TEST_P(MetricsStoreContract, DuplicatesAreDroppedAndGapsAreNotTaken) {
  Link(AnAttempt({"lr", 1}, 1, "a"));
  EXPECT_EQ(Append(Batch(kFirst, 1, 10)), 10);
  EXPECT_EQ(Append(Batch(kFirst, 1, 10)), 10);
  EXPECT_EQ(Append(Batch(kFirst, 6, 10)), 15);
  EXPECT_EQ(Append(Batch(kFirst, 17, 10)), 15);
  EXPECT_EQ(Append(Batch(kFirst, 16, 1)), 16);
}

TEST_P(MetricsStoreContract, StrangersAreNotTaken) {
  EXPECT_EQ(Append(Batch(kFirst, 1, 10)), 0);
  Link(AnAttempt({"lr", 1}, 1, "a"));
  RecordBatch other = Batch(kFirst, 1, 10);
  other.fence.incarnation = 2;
  EXPECT_EQ(Append(other), 0);
  EXPECT_EQ(Append(Batch(kFirst, 1, 10)), 10);
}

TEST_P(MetricsStoreContract, NothingIsTakenAboveTheLimit) {
  domain::Attempt attempt = AnAttempt({"lr", 1}, 1, "a");
  attempt.record_limit = 7;
  Link(attempt);
  EXPECT_EQ(Append(Batch(kFirst, 1, 10)), 7);
  attempt.record_limit = 9;
  Link(attempt);
  EXPECT_EQ(Append(Batch(kFirst, 1, 10)), 9);
}

TEST_P(MetricsStoreContract, HeldComesBackAfterARestart) {
  const domain::Attempt attempt = AnAttempt({"lr", 1}, 1, "a");
  const domain::Attempt silent = AnAttempt({"lr", 2}, 1, "a");
  Link(attempt);
  Link(silent);
  Append(Batch(kFirst, 1, 10));
  Reopen();
  Link(attempt);  // idempotent
  const auto held = store_->Held(std::vector{attempt, silent});
  ASSERT_TRUE(held.has_value());
  ASSERT_EQ(held->size(), 1U);
  EXPECT_EQ(held->at(kFirst).record, 10);
  EXPECT_EQ(held->at(kFirst).step, 10);
}

TEST_P(MetricsStoreContract, ARestoredDatabaseBeginsTheAttemptAnew) {
  Link(AnAttempt({"lr", 1}, 1, "a"));
  Append(Batch(kFirst, 1, 10));
  domain::Attempt again = AnAttempt({"lr", 1}, 1, "b");
  again.fence.incarnation = 2;
  Link(again);
  EXPECT_EQ(Append(Batch(kFirst, 11, 5)), 0);  // of the old one
  RecordBatch batch = Batch(kFirst, 1, 3);
  batch.fence.incarnation = 2;
  EXPECT_EQ(Append(batch), 3);
}

// Simulation, seed 174: the series of a job was that of an attempt which a restored backup had undone.
TEST_P(MetricsStoreContract, AttemptsAfterTheNewestAreDropped) {
  const AttemptName undone{{"lr", 1}, 2};
  domain::Attempt later = AnAttempt({"lr", 1}, 2, "a");
  Link(AnAttempt({"lr", 1}, 1, "a"));
  Link(later);
  Link(AnAttempt({"lr", 2}, 1, "a"));
  EXPECT_EQ(Append(Batch(undone, 1, 10)), 10);
  EXPECT_EQ(Append(Batch(kFirst, 1, 4)), 4);
  EXPECT_EQ(Append(Batch({{"lr", 2}, 1}, 1, 3)), 3);
  ASSERT_TRUE(store_->DropNewer({{{"lr", 1}, 1}}));
  EXPECT_EQ(Append(Batch(kFirst, 5, 1)), 5);
  EXPECT_EQ(Append(Batch({{"lr", 2}, 1}, 4, 1)), 0) << "its job is not known at all";
  EXPECT_TRUE(store_->Held(std::vector{later})->empty());
  EXPECT_EQ(Append(Batch(undone, 11, 1)), 0);
}

TEST_P(MetricsStoreContract, BatchesOfSeveralAttemptsShareOneCommit) {
  Link(AnAttempt({"lr", 1}, 1, "a"));
  Link(AnAttempt({"lr", 2}, 1, "a"));
  const AttemptName second{{"lr", 2}, 1};
  const auto held =
      store_->Append(std::vector{Batch(kFirst, 1, 3), Batch(second, 1, 4), Batch(kFirst, 4, 2)});
  ASSERT_TRUE(held.has_value());
  ASSERT_EQ(held->size(), 2U);
  EXPECT_EQ(held->at(0).record, 5);
  EXPECT_EQ(held->at(1).record, 4);
}

}  // namespace
}  // namespace optfleet::store
