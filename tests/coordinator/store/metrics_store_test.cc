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

// Of several values in one record the last counts.
TEST_P(MetricsStoreContract, WhatIsWatchedIsSaidOfNewRecordsOnce) {
  Link(AnAttempt({"lr", 1}, 1, "a"));
  Link(AnAttempt({"wd", 1}, 1, "a"));
  const auto observed = [this](const std::vector<RecordBatch>& batches) {
    const auto held = store_->Append(batches);
    EXPECT_TRUE(held.has_value());
    std::vector<engine::Observation> all;
    for (const engine::RecordsHeld& one : *held)
      all.insert(all.end(), one.observations.begin(), one.observations.end());
    return all;
  };
  RecordBatch batch;
  batch.attempt = kFirst;
  batch.fence = {1, 1};
  batch.keys = {"loss", "val_loss"};
  batch.Add(1, At(1), std::vector<MetricPoint>{{0, 9.0}});
  batch.Add(2, At(2), std::vector<MetricPoint>{{0, 9.0}, {1, 5.0}, {1, 4.0}});
  batch.Add(3, At(3), std::vector<MetricPoint>{});
  batch.Add(4, At(4), std::vector<MetricPoint>{{1, 3.0}});
  RecordBatch first = batch;
  first.steps.resize(2);
  EXPECT_TRUE(observed({first}).empty()) << "nothing is watched";
  store_->Watch({{"lr", "val_loss"}});
  using Observations = std::vector<engine::Observation>;
  EXPECT_EQ(observed({batch}), (Observations{{4, 3.0}}));
  EXPECT_TRUE(observed({batch}).empty());
  EXPECT_EQ(observed({Batch(kFirst, 5, 1, "val_loss"), Batch(kFirst, 6, 1, "val_loss"),
                      Batch({{"wd", 1}, 1}, 1, 1, "val_loss")}),
            (Observations{{5, 1.0 / 5}, {6, 1.0 / 6}}));
  RecordBatch strange = Batch(kFirst, 7, 1, "val_loss");
  strange.fence.incarnation = 2;
  EXPECT_TRUE(observed({strange}).empty());
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
